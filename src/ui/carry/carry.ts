/** Moves a text by hand from one device to another, by copy and paste or as a QR code. */
import { css, html, type TemplateResult } from "lit";
import { copyText } from "../clipboard";
import { icon, copyIcon } from "../icons";
import { qr } from "./qr";
import "./scan";

export const carryStyles = css`
  .step {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
    padding: 0.75rem;
    border: 1px solid var(--mg-border);
    border-radius: var(--mg-radius);
  }
  .step label {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.375rem;
    font-size: 0.875rem;
    font-weight: 550;
  }
  .step textarea {
    height: 4.5rem;
    font: 0.75rem/1.5 var(--mg-mono);
    word-break: break-all;
    resize: vertical;
  }
  .step details {
    min-width: 0;
  }
  .step summary {
    width: fit-content;
    color: var(--mg-accent);
    font-size: 0.8125rem;
    cursor: pointer;
  }
  .step .qr {
    display: block;
    width: 100%;
    max-width: 24rem;
    height: auto;
    margin: 0.5rem auto 0;
    border-radius: var(--mg-radius-s);
  }
  /* Phones zoom into smaller fields. */
  @media (pointer: coarse) {
    .step textarea {
      font-size: 1rem;
    }
  }
`;

/** Shows a text to take to another device. `what` names it, such as “offer”; `told` receives a message for the user. */
export function carryOut(label: string, what: string, text: string, told: (text: string) => void): TemplateResult {
  const copy = (): void =>
    void copyText(text).then((copied) =>
      told(copied ? `Your ${what} is copied` : "The text could not be copied. Select it and copy it yourself."),
    );
  return html`<div class="step">
    <label
      >${label}
      <textarea
        readonly
        .value=${text}
        @focus=${(event: Event) => (event.target as HTMLTextAreaElement).select()}
      ></textarea>
    </label>
    <button class="button" type="button" @click=${copy}>${icon(copyIcon, 16)} Copy your ${what}</button>
    <details>
      <summary>Show as a QR code</summary>
      ${qr(text, `QR code of your ${what}`)}
    </details>
  </div>`;
}

/** Takes a text from another device, pasted or scanned with the camera. */
export function carryIn(label: string, action: string, use: (text: string) => void): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get("text");
    if (typeof text === "string" && text.trim() !== "") use(text.trim());
  };
  return html`<form class="step" @submit=${submit}>
    <label>${label} <textarea name="text" placeholder="Paste it here" autocomplete="off"></textarea></label>
    <button class="button" type="submit">${action}</button>
    <mg-scan label="Scan the QR code" @mg-scanned=${({ detail }: CustomEvent<string>) => use(detail)}></mg-scan>
  </form>`;
}
