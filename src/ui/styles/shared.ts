/** Styles that several components share: buttons, fields, focus rings and text for screen readers. */
import { css } from "lit";

/** Reset, focus ring and text helpers, for every component. */
export const base = css`
  :host {
    box-sizing: border-box;
  }
  :host([hidden]) {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  /* The internal element that holds the content of a details element does not inherit box-sizing. */
  details > * {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--mg-accent);
    outline-offset: 2px;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  .muted {
    color: var(--mg-muted);
  }
  .small {
    font-size: 0.8125rem;
    line-height: 1.5;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 0.01ms !important;
      scroll-behavior: auto !important;
    }
  }
`;

/** Buttons. They are native, so they look right before the control library has loaded. */
export const buttons = css`
  button {
    font: inherit;
    color: inherit;
    cursor: pointer;
  }
  button:disabled {
    cursor: default;
    opacity: 0.5;
  }
  .icon-button {
    display: inline-grid;
    place-items: center;
    width: 2.25rem;
    height: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: var(--mg-radius-s);
    background: transparent;
    color: var(--mg-muted);
    transition:
      background var(--mg-ease),
      color var(--mg-ease);
  }
  .icon-button:hover:not(:disabled) {
    background: var(--mg-hover);
    color: var(--mg-text);
  }
  .icon-button.small {
    width: 1.875rem;
    height: 1.875rem;
  }
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-height: 2.25rem;
    padding: 0.25rem 0.875rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius-s);
    background: var(--mg-surface);
    font-size: 0.875rem;
    font-weight: 550;
    line-height: 1.3;
    transition:
      background var(--mg-ease),
      border-color var(--mg-ease);
  }
  .button:hover:not(:disabled) {
    background: var(--mg-hover);
  }
  .button.primary {
    border-color: transparent;
    background: var(--mg-accent);
    color: var(--mg-on-accent);
  }
  .button.primary:hover:not(:disabled) {
    background: var(--mg-accent-hover);
  }
  .button.soft {
    border-color: transparent;
    background: var(--mg-accent-soft);
    color: var(--mg-accent);
  }
  .button.soft:hover:not(:disabled) {
    background: color-mix(in srgb, var(--mg-accent-soft), var(--mg-accent) 18%);
  }
  .button.plain {
    border-color: transparent;
    background: transparent;
  }
  .button.danger {
    color: var(--mg-danger);
  }
  .button[aria-busy="true"] {
    pointer-events: none;
  }
  .button[aria-busy="true"]::before {
    content: "";
    width: 0.875rem;
    height: 0.875rem;
    border: 2px solid currentColor;
    border-right-color: transparent;
    border-radius: 50%;
    animation: busy 800ms linear infinite;
  }
  @keyframes busy {
    to {
      rotate: 1turn;
    }
  }
  .button.plain:hover:not(:disabled) {
    background: var(--mg-hover);
  }
  .link {
    padding: 0;
    border: 0;
    background: none;
    color: var(--mg-accent);
    text-decoration: underline;
    text-underline-offset: 3px;
    text-decoration-color: color-mix(in srgb, currentColor 40%, transparent);
  }
`;

/** Native text fields; at 16 px phones do not zoom in. */
export const fields = css`
  input[type="text"],
  input[type="search"],
  textarea {
    width: 100%;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--mg-border-strong);
    border-radius: var(--mg-radius-s);
    background: var(--mg-surface);
    color: inherit;
    font: inherit;
    font-size: 1rem;
  }
  ::placeholder {
    color: var(--mg-muted);
    opacity: 1;
  }
  /* A field with an icon in front. */
  .search {
    position: relative;
  }
  .search svg {
    position: absolute;
    left: 0.75rem;
    top: 50%;
    translate: 0 -50%;
    color: var(--mg-muted);
    pointer-events: none;
  }
`;

/** Sections of panels and dialogs, with errors and warnings. */
export const sections = css`
  /* Toasts are above dialogs, and must not cover their buttons. */
  wa-dialog::part(dialog) {
    top: var(--mg-toast-end, 0);
    max-height: calc(100dvh - var(--mg-toast-end, 0px) - 2rem);
  }
  /* A title of several lines is higher than the button beside it, and would touch the edge. */
  wa-dialog::part(title) {
    margin-block: 0.625rem 0.375rem;
    overflow-wrap: anywhere;
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.75rem;
  }
  section + section {
    margin-top: 1.5rem;
    padding-top: 1.5rem;
    border-top: 1px solid var(--mg-border);
  }
  h3 {
    font-size: 0.9375rem;
    font-weight: 600;
    line-height: 1.4;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    flex-wrap: wrap;
  }
  .spread {
    justify-content: space-between;
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .error {
    padding: 0.625rem 0.875rem;
    border-radius: var(--mg-radius-s);
    background: var(--mg-danger-soft);
    color: var(--mg-danger);
    font-size: 0.875rem;
    line-height: 1.5;
  }
  .warning {
    padding: 0.625rem 0.875rem;
    border-radius: var(--mg-radius-s);
    background: var(--mg-warning-soft);
    color: var(--mg-warning);
    font-size: 0.875rem;
    line-height: 1.5;
  }
  /* A dot that says that something is going on. */
  .pulse {
    flex: none;
    width: 0.625rem;
    height: 0.625rem;
    border-radius: 50%;
    background: var(--mg-accent);
    animation: pulse 1.4s ease-in-out infinite;
  }
  @keyframes pulse {
    50% {
      opacity: 0.25;
    }
  }
`;
