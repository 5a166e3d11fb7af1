/** How the elements look. Only custom properties and the text direction come in from the page around it. */
import { css, unsafeCSS } from "lit";
import { base, buttons, sections, tokensCss } from "../ui/parts";
import { replaceRem, withoutRem } from "./rem";

// The palette of the site, on the host: a rule of the page for the element wins over it.
const tokens = unsafeCSS(replaceRem((tokensCss.match(/--mg-[\w-]+:[^;]+;/g) ?? []).join("\n")));

/** The common ground of all elements: the palette, the frame, its header, cards and errors. */
export const frameStyles = [
  ...[base, buttons, sections].map(withoutRem),
  css`
    :host {
      ${tokens}
      --mg-font-size: 16px;
      --mg-rem: var(--mg-font-size);
      display: block;
      box-sizing: border-box;
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
      overflow: hidden;
      container-type: inline-size;
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
    ul,
    h2 {
      margin: 0;
    }
    svg {
      display: block;
      flex: none;
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

    header .link {
      flex: none;
      margin-inline-start: auto;
      padding: 6px;
      border-radius: var(--mg-radius-s);
      font-size: 0.8125em;
      font-weight: 550;
      text-decoration: none;
    }
    header .link:hover {
      background: var(--mg-hover);
    }
    .error {
      display: flex;
      align-items: center;
      gap: 12px;
    }
    .error span {
      flex: 1;
      min-width: 0;
    }

    .card {
      display: flex;
      flex-direction: column;
      overflow: hidden;
      border: 1px solid var(--mg-border);
      border-radius: var(--mg-radius);
      background: var(--mg-raised);
      box-shadow: var(--mg-shadow);
      font-size: 0.9375em;
    }
    .card .body {
      display: grid;
      gap: 12px;
      min-height: 0;
      padding: 14px 16px;
      overflow-y: auto;
      overscroll-behavior: contain;
      scrollbar-width: thin;
      scrollbar-color: var(--mg-border-strong) transparent;
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
    .card li {
      overflow-wrap: anywhere;
    }
    .card li::marker {
      color: var(--mg-accent);
    }
    .card label {
      display: flex;
      align-items: flex-start;
      gap: 8px;
    }
    .card label .small {
      display: block;
      line-height: 1.45;
    }
    .card label.field {
      display: grid;
      gap: 4px;
      font-size: 0.9375em;
    }
    .card input[type="text"] {
      color: inherit;
      font: inherit;
      /* Below 16 px phones zoom into the page. */
      font-size: max(16px, 1em);
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
    /* The buttons stay in sight, however long the rules are. */
    .card .actions {
      display: flex;
      flex: none;
      flex-wrap: wrap;
      justify-content: flex-end;
      gap: 8px;
      padding: 10px 16px;
      border-top: 1px solid var(--mg-border);
    }
  `,
];

export const embeddedChatStyles = [
  ...frameStyles,
  css`
    :host {
      height: 560px;
      max-height: 100dvh;
    }
    .frame {
      height: 100%;
      container-type: size;
    }
    .card {
      /* All but the header, the field for messages and the footer. */
      max-height: calc(100cqh - 150px);
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
    .greeting {
      margin-bottom: 6px;
      font-size: 1.125em;
      white-space: pre-line;
    }
    .suggestions {
      display: flex;
      flex-wrap: wrap;
      justify-content: center;
      gap: 8px;
    }
    .foot {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 8px;
      width: min(100%, var(--mg-column));
      margin-inline: auto;
      padding: 0 12px max(8px, env(safe-area-inset-bottom));
    }
    .note {
      display: block;
      text-align: center;
      font-size: 0.75em;
    }

    /* A low element has no room for all at once: the question before a room comes before the chat. */
    @container (max-height: 420px) {
      .log:has(~ .asking),
      .asking .note,
      .asking microgrid-composer {
        display: none;
      }
      .asking.foot {
        display: flex;
        flex: 1;
        flex-direction: column;
        min-height: 0;
        padding-top: 8px;
      }
      .asking .card {
        min-height: 0;
        max-height: none;
      }
    }
  `,
];
