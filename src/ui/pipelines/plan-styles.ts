/** Styles for the plan of a model that runs on several devices. */
import { css } from "lit";

export const planStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
    padding-top: 0.25rem;
  }
  .picture {
    display: grid;
    grid-template-columns: minmax(0, 15rem) minmax(0, 1fr);
    gap: 1.5rem;
    align-items: start;
  }
  .ring-column {
    position: sticky;
    top: 0.5rem;
    display: grid;
    gap: 0.5rem;
  }
  @media (max-width: 560px) {
    .picture {
      grid-template-columns: minmax(0, 1fr);
      gap: 1rem;
    }
    .ring-column {
      position: static;
      justify-self: center;
      width: min(14.5rem, 100%);
    }
  }
  .total {
    font-size: 1.0625rem;
    font-weight: 600;
    line-height: 1.4;
  }
  .asked {
    display: grid;
    gap: 0.625rem;
    margin: 0.5rem 0 0;
    padding: 0;
    list-style: none;
  }
  .asked li {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-width: 0;
    line-height: 1.4;
  }
  .asked .avatar {
    animation: asked 1.5s ease-in-out infinite;
  }
  .asked li:nth-child(2n) .avatar {
    animation-delay: 0.4s;
  }
  .asked li:nth-child(3n) .avatar {
    animation-delay: 0.8s;
  }
  @keyframes asked {
    50% {
      opacity: 0.35;
    }
  }
  h3 + ul {
    margin-top: 0.25rem;
  }
  .left-out {
    display: grid;
    gap: 0.25rem;
    margin: 0.25rem 0 0;
    padding-inline-start: 1.125rem;
    font-size: 0.875rem;
    line-height: 1.5;
    overflow-wrap: anywhere;
  }
  .left-out li::marker {
    color: var(--mg-muted);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1.25rem;
  }
  .choices label {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    font-size: 0.875rem;
  }
  select {
    min-height: 2.25rem;
    max-width: 100%;
    padding: 0.25rem 0.5rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius-s);
    background: var(--mg-surface);
    color: inherit;
    font: inherit;
    font-size: 0.875rem;
  }
  .buttons {
    position: sticky;
    z-index: 1;
    /* A sticky box stops at the dialog's padding; this extends it down to the edge. */
    bottom: calc(-1 * var(--spacing, 0rem));
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 0.5rem;
    margin-bottom: calc(-1 * var(--spacing, 0rem));
    padding: 0.75rem 0 var(--spacing, 0.25rem);
    background: var(--mg-raised);
  }
  @media (max-width: 560px) {
    .buttons .button {
      padding-inline: 0.625rem;
    }
  }
  .head bdi {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .back {
    display: inline-flex;
    align-items: center;
    gap: 0.375rem;
  }
`;
