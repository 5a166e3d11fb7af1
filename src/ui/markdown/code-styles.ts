/** Colours of code, for the classes of highlight.js. */
import { css } from "lit";

export const codeStyles = css`
  .hljs-keyword,
  .hljs-built_in,
  .hljs-selector-tag,
  .hljs-section,
  .hljs-doctag {
    color: light-dark(#7a3e9d, #cfa3f0);
  }
  .hljs-string,
  .hljs-regexp,
  .hljs-addition,
  .hljs-quote,
  .hljs-code {
    color: light-dark(#17694f, #63c8a1);
  }
  .hljs-number,
  .hljs-literal,
  .hljs-symbol,
  .hljs-bullet,
  .hljs-meta {
    color: light-dark(#845408, #f0c06a);
  }
  .hljs-title,
  .hljs-attr,
  .hljs-attribute,
  .hljs-property,
  .hljs-selector-class,
  .hljs-selector-id,
  .hljs-type {
    color: light-dark(#1f5fa8, #7fb8f5);
  }
  .hljs-name,
  .hljs-tag,
  .hljs-variable,
  .hljs-template-variable,
  .hljs-deletion {
    color: light-dark(#ad3327, #f2897d);
  }
  .hljs-comment {
    color: light-dark(#5f6661, #9aa49f);
    font-style: italic;
  }
  .hljs-emphasis {
    font-style: italic;
  }
  .hljs-strong,
  .hljs-section {
    font-weight: 650;
  }
`;
