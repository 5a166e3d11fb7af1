/** `<microgrid-node>`: lends the visitor's device to a room, after a question, and shows little else. */
import { css, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type NodeState, send } from "./events";
import { GridElement } from "./grid-element";
import { nodeParts } from "./lazy";
import type { Lending } from "./lending";
import { mistakesView } from "./readiness-view";
import { frameStyles } from "./styles";

/**
 * Lends the visitor's device to the room that it names. Events: see `MicrogridElementEvents`. Slot: `control` takes the place of the
 * line that says so, with its button.
 */
export class MicrogridNode extends GridElement {
  static override readonly styles = [
    ...frameStyles,
    css`
      .frame {
        border: 0;
        background: none;
        overflow: visible;
      }
      .control {
        display: flex;
        align-items: center;
        gap: 10px;
        width: fit-content;
        max-width: 100%;
        padding: 4px 6px 4px 14px;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-raised);
        font-size: 0.875em;
      }
      .control span {
        min-width: 0;
      }
      .control .link {
        flex: none;
        padding: 6px 8px;
      }
    `,
  ];

  #lending: Lending | undefined;
  #told: NodeState = "off";

  /** How far the lending is. `microgrid-state` tells of its changes. */
  get state(): NodeState {
    return this.#lending?.state ?? "off";
  }

  /**
   * Lends the device after a "no" or a stop. It asks the visitor, unless they have agreed while this page has been open. Resolves to the
   * state in which that ends: `lending`, `paused`, or `off` if the visitor says no; rejects with a `MicrogridError`.
   */
  async start(): Promise<NodeState> {
    // An element that has just entered the page has not read its attributes yet.
    await this.updateComplete;
    const [parts] = await Promise.all([nodeParts.load(), this.controller.opened()]);
    this.controller.retry();
    return this.#lend(parts).start();
  }

  /** Withdraws the device. Leaves the room, too, unless another element of the page uses it. Resolves once that is done. */
  async stop(): Promise<void> {
    await this.#lending?.stop();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // An element that is moved in the page is back at once.
    queueMicrotask(() => {
      if (!this.isConnected && this.#lending?.shares) void this.#lending.rest();
    });
  }

  protected override usesRoom(): boolean {
    return this.#lending?.shares ?? false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const parts = this.entry.entry.kind === "none" ? undefined : nodeParts.want(this);
    if (parts) this.#lend(parts).look();
    this.controller.want(this.#lending?.shares ? this.model : "");
  }

  protected override updated(): void {
    const { state } = this;
    if (state !== this.#told) send(this, "microgrid-state", { state });
    this.#told = state;
    this.#lending?.settle();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this;
    const parts = nodeParts.want(this);
    const lending = this.#lending;
    if (!parts || !lending || (state === "off" && this.mistakes.length === 0)) return nothing;
    const asksRoom = this.entry.entry.kind === "asking";
    return parts.nodeView({
      texts: parts.texts,
      lending,
      grid: this.grid?.state,
      model: this.modelName,
      mistakes: mistakesView(this.mistakes),
      readiness: this.controller.readiness,
      question: asksRoom ? this.questionView("always", () => lending.agree()) : undefined,
      onRetry: () => void this.start().catch(() => undefined),
    });
  }

  #lend(parts: { readonly Lending: typeof Lending }): Lending {
    this.#lending ??= new parts.Lending(this, {
      entry: this.entry,
      grid: () => this.grid,
      readiness: () => this.controller.readiness,
      onError: (thrown) => this.tellThrown(thrown),
    });
    return this.#lending;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "microgrid-node": MicrogridNode;
  }
}
