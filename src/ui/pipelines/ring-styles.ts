/** Colours of devices, and styles for the ring of a model that runs on several devices. */
import { css } from "lit";

/** The number of colours; further devices reuse them. */
export const DEVICE_COLOURS = 6;

export const deviceColours = css`
  :host {
    --mg-device-0: var(--mg-accent);
    --mg-device-1: light-dark(#c9780b, #f2b354);
    --mg-device-2: light-dark(#2c6fb3, #79b4ee);
    --mg-device-3: light-dark(#8150b4, #c09bf0);
    --mg-device-4: light-dark(#b6436d, #f08fb1);
    --mg-device-5: light-dark(#0d7f8d, #5ecbd9);
  }
`;

export const ringStyles = css`
  .ring {
    display: block;
    width: 100%;
    overflow: visible;
  }
  .ring text {
    fill: var(--mg-muted);
    font-family: inherit;
    font-size: 10.5px;
    text-anchor: middle;
    dominant-baseline: central;
    font-variant-numeric: tabular-nums;
  }
  .ring .big {
    fill: var(--mg-text);
    font-size: 28px;
    font-weight: 620;
    letter-spacing: -0.02em;
  }
  .ring .unit {
    fill: var(--mg-muted);
    font-size: 14px;
    font-weight: 550;
    letter-spacing: 0;
  }
  .ring .word {
    fill: var(--mg-text);
    font-size: 17px;
    font-weight: 600;
  }
  .ring .below {
    font-size: 12px;
  }
  .ring .part {
    transition:
      stroke-dashoffset 300ms linear,
      opacity var(--mg-ease);
  }
  .ring .waits {
    animation: waits 1.4s ease-in-out infinite;
  }
  .ring .token {
    transform-origin: 0 0;
    animation: turn 5s linear infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(360deg);
    }
  }
  @keyframes waits {
    50% {
      opacity: 0.35;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .ring .token {
      display: none;
    }
  }
`;
