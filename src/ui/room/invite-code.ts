/** The QR code of an invite, which fills the screen when it is pressed. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { qr } from "../carry/qr";
import { isOwn } from "../controls";
import { MicrogridElement } from "../element";
import { sections } from "../styles/shared";

/** `<mg-invite-code link label>`. */
@customElement("mg-invite-code")
export class InviteCode extends MicrogridElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: block;
      }
      button {
        display: grid;
        place-items: center;
        width: 100%;
        padding: 0.25rem;
        border: 0;
        border-radius: var(--mg-radius);
        background: #fff;
        cursor: zoom-in;
      }
      .qr {
        display: block;
        width: 100%;
        height: auto;
      }
      button .qr {
        max-width: 22rem;
      }
      wa-dialog {
        --width: min(calc(100vw - 1rem), calc(100dvh - 7rem));
        --spacing: 0.75rem;
      }
      wa-dialog .qr {
        border-radius: var(--mg-radius-s);
        cursor: zoom-out;
      }
    `,
  ];

  @property() link = "";
  /** Names the code for screen readers. */
  @property() label = "";
  @state() private large = false;

  protected override render(): TemplateResult {
    return html`<button type="button" aria-label="${this.label}: show it on the whole screen" @click=${this.#open}>
        ${this.#code()}
      </button>
      ${
        this.large
          ? html`<wa-dialog label="Scan with a phone" open @wa-after-hide=${this.#hidden}>
              <div @click=${this.#close}>${this.#code()}</div>
            </wa-dialog>`
          : nothing
      }`;
  }

  #code(): TemplateResult {
    return html`${guard([this.link, this.label], () => qr(this.link, this.label))}`;
  }

  readonly #open = (): void => {
    this.large = true;
  };

  readonly #close = (): void => {
    this.renderRoot.querySelector("wa-dialog")?.removeAttribute("open");
  };

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.large = false;
  };
}
