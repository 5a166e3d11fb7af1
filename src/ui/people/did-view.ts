/** Shows a DID with a button to copy it. */
import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { COPIED_MS, copyText } from "../clipboard";
import { MicrogridElement } from "../element";
import { icon, checkIcon, copyIcon } from "../icons";

/** `<mg-did value what>`: the whole DID and a button that copies it; `what` completes the button's label. */
@customElement("mg-did")
export class DidView extends MicrogridElement {
  static override readonly styles = css`
    :host {
      display: flex;
      align-items: flex-start;
      gap: 0.25rem;
      min-width: 0;
    }
    code {
      flex: 1;
      min-width: 0;
      padding-block: 0.25rem;
      font: 0.75rem/1.5 var(--mg-mono);
      overflow-wrap: anywhere;
    }
  `;

  @property() value = "";
  @property() what = "identity";
  @state() private copied = false;

  protected override render(): TemplateResult {
    const label = this.copied ? "Copied" : `Copy the ${this.what}`;
    return html`<code>${this.value}</code>
      <button class="icon-button small" aria-label=${label} title=${label} @click=${this.#copy}>
        ${icon(this.copied ? checkIcon : copyIcon, 16)}
      </button>`;
  }

  readonly #copy = (): void => {
    void copyText(this.value).then((copied) => {
      this.copied = copied;
      setTimeout(() => (this.copied = false), COPIED_MS);
    });
  };
}
