/** Styles of a room in pages of others. */
import { css } from "lit";

export const roomViewStyles = css`
  :host {
    display: block;
  }
  .warning,
  .waiting,
  mg-knocks {
    margin-bottom: 1.25rem;
  }
  section .warning {
    margin-bottom: 0;
  }
  .waiting {
    display: flex;
    align-items: baseline;
    gap: 0.625rem;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li + li {
    border-top: 1px solid var(--mg-border);
  }
  .switch {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    width: fit-content;
    min-height: 2rem;
    font-weight: 550;
    cursor: pointer;
  }
  input {
    flex: none;
    width: 1.25rem;
    height: 1.25rem;
    margin: 0;
    accent-color: var(--mg-accent);
  }
  summary {
    width: fit-content;
    color: var(--mg-accent);
    font-size: 0.8125rem;
    cursor: pointer;
  }
  .qr {
    display: block;
    width: min(100%, 16rem);
    margin-top: 0.75rem;
    border-radius: var(--mg-radius-s);
  }
  /* Beside each other where there is room for that. Queries know no lengths of the element's own. */
  @container (min-width: 740px) {
    :host {
      display: grid;
      grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
      column-gap: 2rem;
    }
    .warning,
    .waiting,
    mg-knocks {
      grid-column: 1 / -1;
    }
    section[part="people"] {
      grid-row: span 2;
      align-content: start;
    }
    section[part="sharing"] {
      margin-top: 0;
      padding-top: 0;
      border-top: 0;
    }
  }
`;
