/** Styles for the Markdown of an answer. */
import { css } from "lit";

export const markdownStyles = css`
  .thinking {
    margin-bottom: 0.75rem;
    color: var(--mg-muted);
    font-size: 0.875em;
  }
  .thinking > summary {
    width: fit-content;
    cursor: pointer;
  }
  .thinking > summary:hover {
    color: var(--mg-text);
  }
  .thoughts {
    margin-top: 0.5em;
    padding-inline-start: 1em;
    border-inline-start: 2px solid var(--mg-border-strong);
  }
  .block > :first-child {
    margin-top: 0;
  }
  .block > :last-child {
    margin-bottom: 0;
  }
  .block + .block {
    margin-top: 0.875em;
  }
  .block:empty {
    display: none;
  }
  /* TeX can move its parts anywhere, but not over the page. */
  .block:has(math) {
    overflow: clip;
    overflow-clip-margin: 0.5em;
  }
  p,
  ul,
  ol,
  blockquote {
    margin: 0.875em 0;
  }
  h1,
  h2,
  h3,
  h4,
  h5,
  h6 {
    margin: 1.4em 0 0.5em;
    font-size: 1.0625em;
    font-weight: 650;
    line-height: 1.35;
    letter-spacing: -0.01em;
  }
  h1 {
    font-size: 1.3em;
  }
  h2 {
    font-size: 1.18em;
  }
  ul,
  ol {
    padding-inline-start: 1.5em;
  }
  li {
    margin: 0.3em 0;
  }
  li::marker {
    color: var(--mg-muted);
  }
  li > p {
    margin: 0.4em 0;
  }
  a {
    color: var(--mg-accent);
    text-underline-offset: 3px;
    text-decoration-color: color-mix(in srgb, currentColor 40%, transparent);
    overflow-wrap: anywhere;
  }
  a:hover {
    text-decoration-color: currentColor;
  }
  blockquote {
    padding-inline-start: 1em;
    border-inline-start: 3px solid var(--mg-border-strong);
    color: var(--mg-muted);
  }
  .noteref button,
  .note > button {
    padding: 0 0.1em;
    border: 0;
    border-radius: 4px;
    background: none;
    color: var(--mg-accent);
    font: inherit;
    cursor: pointer;
  }
  .note {
    display: flex;
    gap: 0.5em;
    align-items: baseline;
    color: var(--mg-muted);
    font-size: 0.875em;
  }
  .note p {
    margin: 0;
  }
  .math[data-look="display"] {
    display: block;
    overflow: auto hidden;
    padding-block: 0.4em;
  }
  math {
    font-family: "Cambria Math", "STIX Two Math", "STIXTwoMath-Regular", "Noto Sans Math", math;
    font-size: 1.1em;
    line-height: normal;
  }
  .tml-jot mtd {
    padding-block: 0.7ex;
  }
  .tml-right {
    text-align: right;
  }
  .tml-left {
    text-align: left;
  }
  .raw {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  hr {
    margin: 1.5em 0;
    border: 0;
    border-top: 1px solid var(--mg-border);
  }
  code {
    padding: 0.12em 0.36em;
    border-radius: 5px;
    background: var(--mg-hover);
    font: 0.875em/1.5 var(--mg-mono);
    overflow-wrap: anywhere;
  }
  .code {
    margin: 1em 0;
    border: 1px solid var(--mg-border);
    border-radius: var(--mg-radius);
    background: var(--mg-sunken);
    overflow: hidden;
  }
  .code-head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.25rem 0.375rem 0.25rem 0.875rem;
    border-bottom: 1px solid var(--mg-border);
    color: var(--mg-muted);
    font-size: 0.75rem;
  }
  .code-head button {
    padding: 0.25rem 0.625rem;
    border: 0;
    border-radius: 6px;
    background: transparent;
    color: inherit;
    font: inherit;
    cursor: pointer;
  }
  .code-head button:hover {
    background: var(--mg-hover);
    color: var(--mg-text);
  }
  pre {
    margin: 0;
    padding: 0.875rem;
    tab-size: 2;
  }
  pre,
  .table {
    overflow-x: auto;
  }
  /* Overlay scrollbars are invisible until somebody scrolls, so nothing would say that a line goes on. */
  pre::-webkit-scrollbar,
  .table::-webkit-scrollbar {
    height: 10px;
  }
  pre::-webkit-scrollbar-thumb,
  .table::-webkit-scrollbar-thumb {
    border: 3px solid transparent;
    border-radius: 5px;
    background: var(--mg-muted) content-box;
  }
  @supports not selector(::-webkit-scrollbar) {
    pre,
    .table {
      scrollbar-width: thin;
      scrollbar-color: var(--mg-muted) transparent;
    }
  }
  pre:focus-visible,
  .table:focus-visible {
    outline-offset: -2px;
  }
  pre code {
    padding: 0;
    background: none;
    font-size: 0.8125rem;
    line-height: 1.6;
    overflow-wrap: normal;
  }
  .table {
    margin: 1em 0;
  }
  table {
    border-collapse: collapse;
    font-size: 0.9375em;
  }
  th,
  td {
    padding: 0.45em 0.9em;
    border-bottom: 1px solid var(--mg-border);
    text-align: start;
    vertical-align: top;
  }
  [align="right"] {
    text-align: end;
  }
  [align="center"] {
    text-align: center;
  }
  th {
    border-bottom-color: var(--mg-border-strong);
    font-weight: 600;
  }
`;
