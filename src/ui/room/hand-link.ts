/** Connects two devices without a server: the users exchange an offer and an answer as text or QR code. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Room } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { fields, sections } from "../styles/shared";
import { carryIn, carryOut, carryStyles } from "../carry/carry";

type Offer = Awaited<ReturnType<Room["offerByHand"]>>;

/** How far the exchange is; this device either makes the offer or answers one. */
type Step =
  | { readonly kind: "idle" }
  | { readonly kind: "offered"; readonly offer: Offer }
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "linked" };

/** `<mg-hand-link .workspace>`. */
@customElement("mg-hand-link")
export class HandLink extends WorkspaceElement {
  static override readonly styles = [
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

  @state() private step: Step = { kind: "idle" };
  /** Goes to the next step. After a failure the current one stays: a wrong text does no harm, and an offer stays valid. */
  readonly #going = new Task(this, {
    autoRun: false,
    task: async ([next]: readonly [(room: Room) => Promise<Step>]) => {
      const room = this.workspace?.grid.rooms.current;
      if (room) this.step = await next(room);
    },
  });

  protected override render(): TemplateResult {
    return html`<details>
      <summary class="small">Connect without a server</summary>
      <div class="steps">
        <p class="muted small">
          If no signaling server can be reached, two devices that have this room’s invite can connect by exchanging two
          texts or QR codes. The new device reaches everyone else through the one it connects to.
        </p>
        ${this.#current()} ${taskFailure(this.#going)}
      </div>
    </details>`;
  }

  #current(): TemplateResult {
    const { step } = this;
    if (this.#going.status === TaskStatus.PENDING) return html`<p class="small" role="status">One moment…</p>`;
    switch (step.kind) {
      case "idle":
        return html`
          <div class="step">
            <p class="small">On one device:</p>
            <button class="button" @click=${() => this.#offer()}>Make an offer</button>
          </div>
          ${carryIn("Or the other device’s offer", "Make an answer", (text) => this.#answer(text))}
        `;
      case "offered":
        return html`
          ${this.#carry("1. Your offer for the other device", "offer", step.offer.text)}
          ${carryIn("2. The other device’s answer", "Connect", (text) => this.#accept(step.offer, text))}
          ${this.#again()}
        `;
      case "answered":
        return html`
          ${this.#carry("Your answer for the other device", "answer", step.text)}
          <p class="muted small">Once you paste it there, the other device appears in the list of people here.</p>
          ${this.#again()}
        `;
      case "linked":
        return html`<p class="small" role="status">Connected. The other device appears in the list of people here.</p>
          ${this.#again()}`;
    }
  }

  #again(): TemplateResult {
    return html`<button class="link small" @click=${() => (this.step = { kind: "idle" })}>Start over</button>`;
  }

  #carry(label: string, what: string, text: string): TemplateResult {
    return carryOut(label, what, text, (told) => this.workspace?.toast(told));
  }

  #offer(): void {
    void this.#going.run([async (room) => ({ kind: "offered", offer: await room.offerByHand() })]);
  }

  #answer(text: string): void {
    void this.#going.run([async (room) => ({ kind: "answered", text: await room.answerByHand(text) })]);
  }

  #accept(offer: Offer, text: string): void {
    void this.#going.run([async () => offer.accept(text).then(() => ({ kind: "linked" }))]);
  }
}
