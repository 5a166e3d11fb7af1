/** How bars with a message look above the chat. */
import { css } from "lit";

export const noticeStyles = css`
  :host {
    display: block;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    padding: 0.375rem 0.5rem 0.375rem 1rem;
    border-bottom: 1px solid var(--mg-border);
    background: var(--mg-sunken);
    font-size: 0.875rem;
    line-height: 1.45;
  }
  .warning {
    background: var(--mg-warning-soft);
    color: var(--mg-warning);
  }
  .error {
    background: var(--mg-danger-soft);
    color: var(--mg-danger);
  }
  .icon-button {
    flex: none;
    color: inherit;
  }
  .icon {
    flex: none;
    display: grid;
  }
  p {
    flex: 1;
  }
`;
