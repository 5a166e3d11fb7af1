/** How the element looks. Nothing of the page it stands on comes in but custom properties and the text direction. */
import { css, unsafeCSS } from "lit";
import { tokensCss } from "../ui/parts";
import { remToPx } from "./rem";

// The palette of the site, on the host: a rule of the page for the element wins over it.
const tokens = unsafeCSS(remToPx((tokensCss.match(/--mg-[\w-]+:[^;]+;/g) ?? []).join("\n")));

export const styles = [
  css`
    :host {
      ${tokens}
      --mg-font-size: 16px;
      display: block;
      box-sizing: border-box;
      height: 560px;
      max-height: 100dvh;
      min-width: 240px;
    }
    :host([hidden]) {
      display: none !important;
    }
    /* Inherited properties of the page end here. */
    .frame {
      all: initial;
      position: relative;
      display: flex;
      flex-direction: column;
      box-sizing: border-box;
      width: 100%;
      height: 100%;
      overflow: hidden;
      border: 1px solid var(--mg-border);
      border-radius: var(--mg-radius);
      background: var(--mg-bg);
      color: var(--mg-text);
      color-scheme: light dark;
      font: 400 var(--mg-font-size) / 1.55 var(--mg-font);
      overflow-wrap: break-word;
      -webkit-font-smoothing: antialiased;
      -webkit-text-size-adjust: 100%;
    }
    :host([theme="light"]) .frame {
      color-scheme: light;
    }
    :host([theme="dark"]) .frame {
      color-scheme: dark;
    }
    .frame *,
    .frame *::before,
    .frame *::after {
      box-sizing: border-box;
    }
    :focus-visible {
      outline: 2px solid var(--mg-accent);
      outline-offset: 2px;
    }
    p,
    ul,
    h2 {
      margin: 0;
    }
    svg {
      display: block;
      flex: none;
    }
    .muted {
      color: var(--mg-muted);
    }
    .small {
      font-size: 0.8125em;
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

    header {
      display: flex;
      align-items: center;
      gap: 10px;
      min-height: 48px;
      padding: 6px 8px 6px 14px;
      border-bottom: 1px solid var(--mg-border);
    }
    .title {
      display: flex;
      flex: 1;
      align-items: center;
      gap: 8px;
      min-width: 0;
      font-weight: 620;
    }
    .place {
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      font-weight: 400;
    }

    .log {
      flex: 1;
      min-height: 0;
      padding-block: 18px;
      overflow-y: auto;
      overscroll-behavior: contain;
      scrollbar-width: thin;
      scrollbar-color: var(--mg-border-strong) transparent;
    }
    .column {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 20px;
      width: min(100%, var(--mg-column));
      margin-inline: auto;
      padding-inline: 20px;
    }
    .column.bare {
      min-height: 100%;
      place-content: center;
      text-align: center;
    }
    .question {
      justify-self: end;
      max-width: min(85%, 540px);
      padding: 8px 14px;
      border-radius: 16px 16px 4px 16px;
      background: var(--mg-accent-soft);
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    .answer .plain {
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    .waiting {
      display: flex;
      align-items: center;
      gap: 10px;
    }
    .dots {
      display: inline-flex;
      gap: 4px;
    }
    .dots i {
      width: 6px;
      height: 6px;
      border-radius: 50%;
      background: var(--mg-accent);
      animation: wait 1.2s ease-in-out infinite;
    }
    .dots i:nth-child(2) {
      animation-delay: 0.15s;
    }
    .dots i:nth-child(3) {
      animation-delay: 0.3s;
    }
    @keyframes wait {
      0%,
      60%,
      100% {
        opacity: 0.3;
      }
      30% {
        opacity: 1;
      }
    }
    .under {
      display: flex;
      align-items: flex-start;
      gap: 4px;
      margin-top: 6px;
      margin-inline-start: -6px;
    }
    details {
      flex: 1;
      min-width: 0;
      color: var(--mg-muted);
      font-size: 0.8125em;
      line-height: 1.5;
    }
    summary {
      width: fit-content;
      padding: 5px 6px;
      border-radius: var(--mg-radius-s);
      cursor: pointer;
      list-style: none;
      font-variant-numeric: tabular-nums;
    }
    summary::-webkit-details-marker {
      display: none;
    }
    summary:hover {
      background: var(--mg-hover);
    }
    summary b {
      color: var(--mg-text);
      font-weight: 550;
    }
    .dot {
      display: inline-block;
      flex: none;
      width: 8px;
      height: 8px;
      margin-inline-end: 6px;
      border-radius: 50%;
      background: var(--mg-accent);
    }
    .dot.away {
      background: var(--mg-spark);
    }
    details ul {
      padding: 2px 6px 2px 22px;
    }

    button {
      font: inherit;
      color: inherit;
      cursor: pointer;
    }
    button:disabled {
      cursor: default;
      opacity: 0.55;
    }
    .icon-button {
      display: inline-grid;
      flex: none;
      place-items: center;
      width: 32px;
      height: 32px;
      padding: 0;
      border: 0;
      border-radius: var(--mg-radius-s);
      background: transparent;
      color: var(--mg-muted);
      transition:
        background var(--mg-ease),
        color var(--mg-ease);
    }
    .icon-button:hover {
      background: var(--mg-hover);
      color: var(--mg-text);
    }
    .button {
      min-height: 36px;
      padding: 4px 14px;
      border: 1px solid var(--mg-border-strong);
      border-radius: var(--mg-radius-s);
      background: var(--mg-surface);
      font-size: 0.875em;
      font-weight: 550;
      transition: background var(--mg-ease);
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
    .link {
      flex: none;
      margin-inline-start: auto;
      padding: 6px;
      border: 0;
      border-radius: var(--mg-radius-s);
      background: none;
      color: var(--mg-accent);
      font-size: 0.8125em;
      font-weight: 550;
    }
    .link:hover {
      background: var(--mg-hover);
    }
    .error {
      display: flex;
      align-items: center;
      gap: 12px;
      padding: 10px 14px;
      border-radius: var(--mg-radius-s);
      background: var(--mg-danger-soft);
      color: var(--mg-danger);
      font-size: 0.875em;
      line-height: 1.5;
    }
    .error span {
      flex: 1;
      min-width: 0;
    }

    .foot {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 8px;
      width: min(100%, var(--mg-column));
      margin-inline: auto;
      padding: 0 12px max(8px, env(safe-area-inset-bottom));
    }
    .progress {
      display: grid;
      gap: 6px;
      padding: 0 4px;
      font-size: 0.8125em;
    }
    .progress div:first-child {
      display: flex;
      flex-wrap: wrap;
      justify-content: space-between;
      gap: 2px 12px;
      font-variant-numeric: tabular-nums;
    }
    .bar {
      height: 5px;
      border-radius: 3px;
      background: var(--mg-hover);
      overflow: hidden;
    }
    .bar i {
      display: block;
      height: 100%;
      border-radius: inherit;
      background: var(--mg-accent);
      transition: width 200ms linear;
    }
    .bar.unknown i {
      width: 35%;
      animation: slide 1.3s ease-in-out infinite alternate;
    }
    @keyframes slide {
      to {
        transform: translateX(186%);
      }
    }
    form.composer {
      display: flex;
      align-items: flex-end;
      gap: 8px;
      padding: 6px;
      border: 1px solid var(--mg-border-strong);
      border-radius: var(--mg-radius-l);
      background: var(--mg-raised);
      cursor: text;
      transition:
        border-color var(--mg-ease),
        box-shadow var(--mg-ease);
    }
    form.composer:focus-within {
      border-color: var(--mg-accent);
      box-shadow: 0 0 0 3px color-mix(in srgb, var(--mg-accent) 16%, transparent);
    }
    textarea,
    input[type="text"] {
      color: inherit;
      font: inherit;
      /* Below 16 px phones zoom into the page. */
      font-size: max(16px, 1em);
    }
    textarea {
      flex: 1;
      min-width: 0;
      max-height: 140px;
      padding: 6px 10px;
      border: 0;
      background: none;
      line-height: 1.5;
      resize: none;
    }
    /* The form around it shows the focus. */
    textarea:focus-visible {
      outline: none;
    }
    ::placeholder {
      color: var(--mg-muted);
      opacity: 1;
    }
    .send {
      display: grid;
      flex: none;
      place-items: center;
      width: 36px;
      height: 36px;
      padding: 0;
      border: 0;
      border-radius: 50%;
      background: var(--mg-accent);
      color: var(--mg-on-accent);
      transition: background var(--mg-ease);
    }
    .send:hover:not(:disabled) {
      background: var(--mg-accent-hover);
    }
    .send:disabled {
      background: var(--mg-hover);
      color: var(--mg-muted);
      opacity: 1;
    }
    .note {
      display: block;
      text-align: center;
      font-size: 0.75em;
    }

    .card {
      display: grid;
      gap: 12px;
      max-height: min(420px, 70vh);
      padding: 14px 16px;
      overflow-y: auto;
      border: 1px solid var(--mg-border);
      border-radius: var(--mg-radius);
      background: var(--mg-raised);
      box-shadow: var(--mg-shadow);
      font-size: 0.9375em;
    }
    .card h2 {
      font-size: 1.0625em;
      font-weight: 620;
      line-height: 1.35;
      overflow-wrap: anywhere;
    }
    .card ul {
      display: grid;
      gap: 4px;
      padding-inline-start: 18px;
    }
    .card li,
    .card .purpose {
      overflow-wrap: anywhere;
    }
    .card summary {
      padding-inline: 0;
      color: var(--mg-accent);
    }
    /* What the card asks stays in sight, however long the rules are. */
    .card .actions {
      position: sticky;
      bottom: -14px;
      margin: 0 -16px -14px;
      padding: 10px 16px 14px;
      background: inherit;
    }
    .card .purpose {
      white-space: pre-line;
    }
    .card li::marker {
      color: var(--mg-accent);
    }
    .card label {
      display: flex;
      align-items: flex-start;
      gap: 8px;
    }
    .card label.field {
      display: grid;
      gap: 4px;
      font-size: 0.9375em;
    }
    .card input[type="text"] {
      width: 100%;
      padding: 7px 10px;
      border: 1px solid var(--mg-border-strong);
      border-radius: var(--mg-radius-s);
      background: var(--mg-surface);
    }
    .card input[type="checkbox"] {
      flex: none;
      width: 18px;
      height: 18px;
      margin: 2px 0 0;
      accent-color: var(--mg-accent);
    }
    .card .actions {
      display: flex;
      flex-wrap: wrap;
      justify-content: flex-end;
      gap: 8px;
    }

    @media (prefers-reduced-motion: reduce) {
      .frame *,
      .frame *::before {
        animation-duration: 0.01ms !important;
        animation-iteration-count: 1 !important;
        transition-duration: 0.01ms !important;
      }
    }
  `,
];
