/** Styles for creating and managing a house. */
import { css } from "lit";

export const houseStyles = css`
  :host {
    display: block;
  }
  .stack {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.75rem;
  }
  .box {
    padding: 0.875rem;
    border: 1px solid var(--mg-border);
    border-radius: var(--mg-radius);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  h4:focus {
    outline: none;
  }
  h4 {
    margin: 0;
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .words {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(7.25rem, 1fr));
    gap: 0.375rem;
    margin: 0;
    padding: 0;
    list-style: none;
    counter-reset: word;
  }
  .words li {
    display: flex;
    gap: 0.5rem;
    padding: 0.3rem 0.5rem;
    border-radius: 6px;
    background: var(--mg-sunken);
    font: 0.875rem/1.4 var(--mg-mono);
    counter-increment: word;
  }
  .words li::before {
    content: counter(word);
    min-width: 1.25rem;
    color: var(--mg-muted);
    text-align: end;
    user-select: none;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
    gap: 0.75rem;
    align-items: end;
  }
  .devices {
    display: grid;
    gap: 0.625rem;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .devices li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 0.75rem;
    align-items: center;
    line-height: 1.4;
  }
  input[type="file"] {
    max-width: 100%;
    font: inherit;
    font-size: 0.875rem;
  }
  input[type="file"]::file-selector-button {
    min-height: 2.25rem;
    margin-inline-end: 0.75rem;
    padding: 0.25rem 0.875rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius-s);
    background: var(--mg-surface);
    color: inherit;
    font: inherit;
    font-weight: 550;
    cursor: pointer;
  }
  .field-label {
    font-size: 0.9375rem;
    font-weight: 550;
  }
`;
