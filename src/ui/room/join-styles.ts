/** Styles for the dialog of an invite. */
import { css } from "lit";

export const joinStyles = css`
  wa-dialog {
    --width: min(32rem, calc(100vw - 1.5rem));
  }
  /* On a phone, the whole question fits the screen. */
  @media (max-width: 520px) {
    wa-dialog {
      --spacing: 1rem;
    }
    wa-dialog::part(dialog) {
      max-height: calc(100dvh - var(--mg-toast-end, 0px) - 1rem);
      margin-block: auto;
    }
  }
  /* The text goes on below the buttons. */
  wa-dialog::part(footer) {
    border-top: 1px solid var(--mg-border);
    padding-block-start: 1rem;
  }
  /* It has the focus at first so that arrow keys scroll the text; a focus ring around all of it would not help. */
  .body:focus,
  wa-dialog::part(body) {
    outline: none;
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.875rem;
  }
  .waiting {
    display: flex;
    align-items: baseline;
    gap: 0.75rem;
    padding: 0.75rem 0.875rem;
    border-radius: var(--mg-radius-s);
    background: var(--mg-sunken);
    font-size: 0.9375rem;
    line-height: 1.5;
  }
  .error .link {
    margin-top: 0.375rem;
    color: inherit;
  }
`;
