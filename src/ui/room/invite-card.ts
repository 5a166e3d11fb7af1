/** Shows the invite of a room as a link to copy or share. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { quotedName } from "../../core";
import { COPIED_MS, copyText } from "../clipboard";
import { MicrogridElement } from "../element";
import { icon, checkIcon, copyIcon, shareIcon } from "../icons";
import { fields, sections } from "../styles/shared";

/** `<mg-invite-card invite name warning note label>`; its content, such as a QR code, is shown above the link. */
@customElement("mg-invite-card")
export class InviteCard extends MicrogridElement {
  static override readonly styles = [
    fields,
    sections,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      input[type="text"] {
        font: 0.8125rem var(--mg-mono);
        text-overflow: ellipsis;
      }
      .actions {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: 1fr;
        gap: 0.5rem;
      }
    `,
  ];

  @property() invite = "";
  @property() name = "";
  /** Why the invite does not work for others yet; empty if it does. */
  @property() warning = "";
  /** Says who can join with the invite, and until when. */
  @property() note = "";
  /** The label of the link. */
  @property() label = "Invite link";
  @state() private copied = false;

  protected override render(): TemplateResult {
    return html`
      ${this.warning === "" ? nothing : html`<p class="warning small">${this.warning}</p>`}
      <slot></slot>
      <input
        type="text"
        readonly
        aria-label=${this.label}
        .value=${this.invite}
        @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
      />
      <div class="actions">
        <button class="button primary" @click=${this.#copy}>
          ${icon(this.copied ? checkIcon : copyIcon, 16)} ${this.copied ? "Copied" : "Copy link"}
        </button>
        ${"share" in navigator ? html`<button class="button" @click=${this.#share}>${icon(shareIcon, 16)} Share…</button>` : nothing}
      </div>
      ${this.note === "" ? nothing : html`<p class="muted small">${this.note}</p>`}
    `;
  }

  /** Hands the link on at once, as after a press: by the system's dialog where there is one, otherwise by copying it. */
  offer(): void {
    if ("share" in navigator) this.#share();
    else this.#copy();
  }

  readonly #copy = (): void => {
    void copyText(this.invite).then((copied) => {
      this.copied = copied;
      setTimeout(() => (this.copied = false), COPIED_MS);
    });
  };

  readonly #share = (): void => {
    // Closing the share sheet rejects, which is no error.
    void navigator.share({ title: `Microgrid room ${quotedName(this.name)}`, url: this.invite }).catch(() => undefined);
  };
}
