/** Linking two devices without any server: an offer and an answer, carried between them as text. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Room } from "../../grid";
import { copyText } from "../clipboard";
import { icon } from "../icons";
import type { Workspace } from "../state/workspace";
import { base, buttons, fields, sections } from "../styles/shared";

type Offer = Awaited<ReturnType<Room["offerByHand"]>>;

/** Where the exchange stands; this device either begins it or answers. */
type Step =
  | { readonly kind: "idle" }
  | { readonly kind: "working" }
  | { readonly kind: "offered"; readonly offer: Offer }
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "linked" };

/** `<mg-hand-link .workspace>`. */
@customElement("mg-hand-link")
export class HandLink extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    sections,
    css`
      summary {
        cursor: pointer;
      }
      .steps {
        display: grid;
        gap: 0.625rem;
        margin-top: 0.75rem;
      }
      textarea {
        min-height: 4.5rem;
        font: 0.75rem var(--mg-mono);
        word-break: break-all;
        resize: vertical;
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  @state() private step: Step = { kind: "idle" };
  @state() private failure = "";

  protected override render(): TemplateResult {
    return html`<details>
      <summary class="small">Connect without a server</summary>
      <div class="steps">
        <p class="muted small">
          Where no signaling server can be reached, two devices with this room’s invite can link by two texts that you
          carry between them. The newcomer reaches everybody else through the one it is linked to.
        </p>
        ${this.#current()}
        ${this.failure === "" ? nothing : html`<p class="warning small" role="alert">${this.failure}</p>`}
      </div>
    </details>`;
  }

  #current(): TemplateResult {
    const { step } = this;
    switch (step.kind) {
      case "idle":
        return html`
          <button class="button" @click=${() => void this.#offer()}>Make an offer</button>
          ${this.#paste("Offer of the other device", "Answer it", (text) => this.#answer(text))}
        `;
      case "working":
        return html`<p class="small" role="status">One moment…</p>`;
      case "offered":
        return html`
          ${this.#carry("Your offer", step.offer.text)}
          ${this.#paste("Answer of the other device", "Connect", (text) => this.#accept(step.offer, text))}
        `;
      case "answered":
        return html`
          ${this.#carry("Your answer", step.text)}
          <p class="muted small">Once it is pasted on the other device, that device appears above.</p>
          <button class="link small" @click=${() => (this.step = { kind: "idle" })}>Start over</button>
        `;
      case "linked":
        return html`<p class="small" role="status">Linked. The other device appears above.</p>`;
    }
  }

  #carry(label: string, text: string): TemplateResult {
    return html`<textarea readonly aria-label=${label} .value=${text}></textarea>
      <button class="button" @click=${() => void copyText(text)}>
        ${icon("copy", 16)} Copy ${label.toLowerCase()}
      </button>`;
  }

  #paste(label: string, action: string, use: (text: string) => Promise<void>): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const text = new FormData(event.target as HTMLFormElement).get("text");
      if (typeof text === "string" && text.trim() !== "") void use(text);
    };
    return html`<form class="steps" @submit=${submit}>
      <textarea name="text" aria-label=${label} placeholder="Paste the ${label.toLowerCase()} here"></textarea>
      <button class="button" type="submit">${action}</button>
    </form>`;
  }

  #offer(): Promise<void> {
    return this.#run(async (room) => ({ kind: "offered", offer: await room.offerByHand() }), { kind: "idle" });
  }

  #answer(text: string): Promise<void> {
    return this.#run(async (room) => ({ kind: "answered", text: await room.answerByHand(text) }), { kind: "idle" });
  }

  #accept(offer: Offer, text: string): Promise<void> {
    // A wrong text costs nothing: the offer stays as it is.
    return this.#run(async () => offer.accept(text).then(() => ({ kind: "linked" })), { kind: "offered", offer });
  }

  async #run(work: (room: Room) => Promise<Step>, otherwise: Step): Promise<void> {
    const room = this.workspace?.grid.rooms.current;
    if (!room) return;
    this.failure = "";
    this.step = { kind: "working" };
    try {
      this.step = await work(room);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.step = otherwise;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-hand-link": HandLink;
  }
}
