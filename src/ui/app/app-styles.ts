/** The layout of the page: three columns on wide screens, one column with drawers on narrow ones. */
import { css } from "lit";
import { narrow } from "./narrow";

export const appStyles = css`
  :host {
    display: grid;
    grid-template-columns: 17.5rem minmax(0, 1fr) auto;
    height: 100dvh;
    overflow: hidden;
    background: var(--mg-bg);
    color: var(--mg-text);
  }
  /* Dialogs are shown over the page; as grid items they would take a row from it. */
  mg-model-dialog,
  mg-settings-dialog,
  mg-help-dialog,
  mg-join-dialog {
    position: absolute;
  }
  .sidebar {
    min-height: 0;
  }
  .skip {
    position: absolute;
    z-index: 30;
    inset: 0.5rem auto auto 0.5rem;
  }
  .skip:not(:focus) {
    clip-path: inset(50%);
    pointer-events: none;
  }
  main {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  mg-chat {
    flex: 1;
  }
  .panel {
    width: 22.5rem;
    min-height: 0;
    border-inline-start: 1px solid var(--mg-border);
    background: var(--mg-surface);
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--mg-border-strong) transparent;
  }
  .scrim {
    display: none;
  }
  .panel:focus {
    outline: none;
  }
  .failure {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    width: min(38rem, 100% - 2rem);
    margin: auto;
    padding-bottom: 10vh;
    text-align: center;
  }
  .failure svg:first-child {
    color: var(--mg-danger);
  }
  .failure h1 {
    font-size: 1.375rem;
    font-weight: 620;
    letter-spacing: -0.015em;
  }
  @media (max-width: 1120px) {
    .panel {
      position: fixed;
      z-index: 20;
      inset: 0 0 0 auto;
      width: min(26rem, 100vw);
      box-shadow: var(--mg-shadow);
      padding-bottom: env(safe-area-inset-bottom);
      animation: from-right 180ms cubic-bezier(0.2, 0, 0, 1);
    }
    @keyframes from-right {
      from {
        transform: translateX(2rem);
        opacity: 0;
      }
    }
  }
  @media ${narrow} {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
    .sidebar {
      position: fixed;
      z-index: 20;
      inset: 0 auto 0 0;
      width: min(20rem, 86vw);
      transform: translateX(-102%);
      visibility: hidden;
      transition:
        transform var(--mg-ease),
        visibility var(--mg-ease);
    }
    .sidebar.open {
      transform: none;
      visibility: visible;
      box-shadow: var(--mg-shadow);
    }
    .scrim {
      display: block;
      position: fixed;
      z-index: 19;
      inset: 0;
      background: light-dark(#1c211e59, #000000a6);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .sidebar,
    .panel {
      transition: none;
      animation: none;
    }
  }
`;
