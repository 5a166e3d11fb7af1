/** Styles for one node in the list of a room. */
import { css } from "lit";

export const peerStyles = css`
  :host {
    display: flex;
    gap: 0.75rem;
    padding: 0.625rem 0;
    line-height: 1.45;
  }
  .body {
    flex: 1;
    min-width: 0;
  }
  .top {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
    gap: 0.5rem;
  }
  strong {
    font-size: 0.9375rem;
    font-weight: 550;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .marks {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.5rem;
  }
  .facts {
    color: var(--mg-muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .models {
    color: var(--mg-text);
  }
  .rtt {
    flex: none;
    color: var(--mg-muted);
    font-size: 0.75rem;
    font-variant-numeric: tabular-nums;
  }
  details {
    font-size: 0.8125rem;
  }
  summary {
    width: fit-content;
    color: var(--mg-accent);
    cursor: pointer;
  }
  dl {
    display: grid;
    gap: 0.125rem;
    margin: 0.375rem 0 0.625rem;
  }
  dt {
    color: var(--mg-muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dd + dt {
    margin-top: 0.25rem;
  }
`;
