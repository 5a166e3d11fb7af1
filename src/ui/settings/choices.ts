/** Styles for choosing one of a few options, shown as cards. */
import { css } from "lit";

export const choiceStyles = css`
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  legend {
    padding: 0;
    margin-bottom: 0.75rem;
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .segments {
    display: grid;
    grid-template-columns: repeat(3, 1fr);
    gap: 0.375rem;
  }
  .choice {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--mg-border);
    border-radius: var(--mg-radius-s);
    font-size: 0.9375rem;
    line-height: 1.4;
    cursor: pointer;
  }
  .segments .choice {
    justify-content: center;
  }
  .choice:hover {
    background: var(--mg-hover);
  }
  .choice:has(:checked) {
    border-color: var(--mg-accent);
    background: var(--mg-accent-soft);
  }
  .choice:has(:focus-visible) {
    outline: 2px solid var(--mg-accent);
    outline-offset: 2px;
  }
  .segments input {
    position: absolute;
    opacity: 0;
  }
  .list {
    display: grid;
    gap: 0.375rem;
  }
  .list .choice {
    align-items: flex-start;
  }
  input[type="radio"] {
    accent-color: var(--mg-accent);
    margin-top: 0.25rem;
  }
`;
