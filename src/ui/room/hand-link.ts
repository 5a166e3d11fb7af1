/** Linking two devices without any server: an offer and an answer, carried between them as text or QR code. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Room } from "../../grid";
import { errorText } from "../failure";
import type { Workspace } from "../state/workspace";
import { base, buttons, fields, sections } from "../styles/shared";
import { carryIn, carryOut, carryStyles } from "./carry";

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
    carryStyles,
    css`
      summary {
        width: fit-content;
        color: var(--mg-accent);
        cursor: pointer;
      }
      .steps {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
        margin-top: 0.75rem;
      }
      .link {
        justify-self: start;
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
          carry between them, as text or as QR codes. The newcomer reaches everybody else through the one it is linked
          to.
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
          <div class="step">
            <p class="small">One device begins:</p>
            <button class="button" @click=${() => void this.#offer()}>Make an offer</button>
          </div>
          ${carryIn("Or the offer of the other device", "Answer it", (text) => void this.#answer(text))}
        `;
      case "working":
        return html`<p class="small" role="status">One moment…</p>`;
      case "offered":
        return html`
          ${this.#carry("1. Your offer, for the other device", "offer", step.offer.text)}
          ${carryIn("2. Its answer", "Connect", (text) => void this.#accept(step.offer, text))} ${this.#again()}
        `;
      case "answered":
        return html`
          ${this.#carry("Your answer, for the other device", "answer", step.text)}
          <p class="muted small">Once it is pasted there, that device appears among those who are here.</p>
          ${this.#again()}
        `;
      case "linked":
        return html`<p class="small" role="status">Linked. The other device appears among those who are here.</p>
          ${this.#again()}`;
    }
  }

  #again(): TemplateResult {
    return html`<button class="link small" @click=${() => (this.step = { kind: "idle" })}>Start over</button>`;
  }

  #carry(label: string, what: string, text: string): TemplateResult {
    return carryOut(label, what, text, (told) => this.workspace?.toast(told));
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
      this.failure = errorText(error);
      this.step = otherwise;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-hand-link": HandLink;
  }
}
