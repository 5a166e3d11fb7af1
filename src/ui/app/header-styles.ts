/** How the bar above the chat looks. */
import { css } from "lit";
import { narrow } from "./narrow";

export const headerStyles = css`
  :host {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    min-height: 3.5rem;
    padding: max(0.5rem, env(safe-area-inset-top)) 0.75rem 0.5rem;
    border-bottom: 1px solid transparent;
  }
  .menu {
    display: none;
  }
  .model {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-width: 0;
    padding: 0.375rem 0.625rem;
    border: 0;
    border-radius: var(--mg-radius-s);
    background: none;
    text-align: start;
    line-height: 1.3;
    transition: background var(--mg-ease);
  }
  .model:hover,
  .button.room:hover {
    background: var(--mg-hover);
  }
  .model strong {
    font-size: 0.9375rem;
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .badge {
    flex: none;
    padding: 0.1rem 0.5rem;
    border-radius: 99px;
    background: var(--mg-accent-soft);
    color: var(--mg-accent);
    font-size: 0.75rem;
    font-weight: 550;
    white-space: nowrap;
  }
  .badge.quiet {
    background: var(--mg-hover);
    color: var(--mg-muted);
  }
  .chevron {
    flex: none;
    color: var(--mg-muted);
    display: grid;
  }
  .space {
    flex: 1;
  }
  .room {
    border-color: var(--mg-border);
    background: transparent;
  }
  .room.in {
    border-color: transparent;
    background: var(--mg-accent-soft);
    color: var(--mg-accent);
  }
  .face {
    display: contents;
  }
  .count {
    font-variant-numeric: tabular-nums;
  }
  .room-name {
    max-width: 12rem;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .alert {
    width: 0.5rem;
    height: 0.5rem;
    border-radius: 50%;
    background: var(--mg-spark);
  }
  .knocks {
    min-width: 1.25rem;
    padding: 0 0.3rem;
    border-radius: 99px;
    background: var(--mg-accent);
    color: var(--mg-on-accent);
    font-size: 0.75rem;
    line-height: 1.25rem;
    font-variant-numeric: tabular-nums;
  }
  .serving {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2.25rem;
    padding: 0.25rem 0.625rem;
    border: 0;
    border-radius: var(--mg-radius-s);
    background: none;
    color: var(--mg-accent);
    font-size: 0.8125rem;
    font-weight: 550;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .serving:hover {
    background: var(--mg-hover);
  }
  .serving i {
    width: 0.625rem;
    height: 0.625rem;
    border-radius: 50%;
    background: var(--mg-accent);
    animation: busy 1.4s ease-in-out infinite;
  }
  @keyframes busy {
    50% {
      opacity: 0.35;
      box-shadow: 0 0 0 0.25rem var(--mg-accent-soft);
    }
  }
  @media ${narrow} {
    .menu {
      display: inline-grid;
    }
  }
  @media (max-width: 520px) {
    :host {
      padding-inline: 0.375rem;
    }
    .room-name,
    .serving .wide,
    .unit {
      display: none;
    }
    .model {
      padding-inline: 0.375rem;
    }
    /* The name needs the space; the list of models has the words. */
    .badge {
      width: 0.5rem;
      height: 0.5rem;
      padding: 0;
      background: var(--mg-accent);
      font-size: 0;
    }
    .badge.quiet {
      background: var(--mg-muted);
    }
    .badge.away {
      background: var(--mg-spark);
    }
    .room {
      padding-inline: 0.625rem;
    }
  }
`;
