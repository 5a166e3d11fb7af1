/** Styles for the room panel's list of models that run on several devices. */
import { css } from "lit";

export const runningStyles = css`
  :host {
    display: block;
    margin-bottom: 1.5rem;
  }
  article {
    display: grid;
    gap: 0.5rem;
    padding: 0.875rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius);
    line-height: 1.45;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 0 0.75rem;
  }
  strong {
    min-width: 0;
    font-size: 0.9375rem;
    font-weight: 550;
    overflow-wrap: anywhere;
  }
  .status {
    color: var(--mg-muted);
    font-size: 0.8125rem;
  }
  .status.ready {
    color: var(--mg-accent);
  }
  .status.repairing {
    color: var(--mg-warning);
  }
  .bar {
    display: flex;
    gap: 2px;
    height: 8px;
  }
  .segment {
    position: relative;
    flex-basis: 0;
    min-width: 4px;
    border-radius: 4px;
    overflow: hidden;
  }
  .segment > span {
    position: absolute;
    inset-block: 0;
    left: 0;
    transition: width 300ms linear;
  }
  .segment > .rest {
    opacity: 0.28;
    animation: waits 1.4s ease-in-out infinite;
  }
  @keyframes waits {
    50% {
      opacity: 0.12;
    }
  }
  .holders,
  .holding {
    display: grid;
    gap: 0.125rem;
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .holding {
    gap: 0.25rem;
    color: var(--mg-muted);
    overflow-wrap: anywhere;
    line-height: 1.5;
  }
  .holders li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    align-items: baseline;
    gap: 0.5rem;
  }
  .dot {
    width: 0.5rem;
    height: 0.5rem;
    border-radius: 50%;
  }
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .actions {
    display: flex;
    justify-content: flex-end;
    gap: 0.5rem;
  }
`;
