/** `<microgrid-room>`: the room of a page: who is here, sharing, the invite, joining, leaving, and opening one. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { nameText } from "../core";
import type { GridState } from "../grid";
import { mark } from "../ui/parts";
import { KeepFocus } from "./keep-focus";
import { GridElement } from "./grid-element";
import { roomOpening, roomInside } from "./lazy";
import { mistakesView, readinessView } from "./readiness-view";
import { frameStyles } from "./styles";

/** The beginning of a page's fragment that is an invite. */
const INVITE_FRAGMENT = "#/join/";

/**
 * The room of a page. Events: see `MicrogridElementEvents`. Slots: `header`, `empty`, `footer`.
 * It shows the room that the page is in, also if another element has entered it.
 */
export class MicrogridRoom extends GridElement {
  static override readonly styles = [
    ...frameStyles,
    css`
      .frame:focus {
        outline: none;
      }
      h2 {
        min-width: 0;
        font-size: 1em;
        font-weight: 620;
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      .content {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 14px;
        padding: 14px;
      }
    `,
  ];

  /** Whether the visitor may open a room, and join with an invite in the page's address. */
  @property({ type: Boolean, reflect: true, useDefault: true }) openable = false;

  constructor() {
    super();
    new KeepFocus(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#addressChanged);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#addressChanged);
  }

  protected override get invite(): string {
    if (this.room !== "" || !this.openable) return this.room;
    return location.hash.startsWith(INVITE_FRAGMENT) ? location.href : "";
  }

  // It shows any room.
  protected override usesRoom(): boolean {
    return true;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has("openable")) this.#addressChanged();
    const shares = (this.grid?.state.room?.share ?? false) !== false;
    this.controller.want(shares ? this.model : "");
  }

  protected override render(): TemplateResult {
    const state = this.grid?.state;
    const { entry } = this.entry;
    const asking = entry.kind === "asking" || entry.kind === "entering";
    const name = state?.room?.name ?? ("invite" in entry ? entry.invite.name : "");
    return html`<section class="frame" part="frame" aria-labelledby="name" tabindex="-1">
      <header part="header">
        <div class="title">
          <slot name="header">${mark(22)}</slot>
          <h2 id="name">${name === "" ? "Room" : html`<bdi>${nameText(name)}</bdi>`}</h2>
        </div>
        ${entry.kind === "declined" ? html`<button class="link" @click=${() => this.entry.ask()}>Join room</button>` : nothing}
        ${state?.room ? html`<button class="link" @click=${() => void this.entry.leave()}>Leave</button>` : nothing}
      </header>
      <div class="content">
        ${mistakesView(this.mistakes)} ${state?.room ? nothing : this.#readiness()}
        ${this.questionView(this.model === "" ? "never" : "choice")}
        ${state?.room ? this.#inside(state) : state && !asking ? this.#outside(state) : nothing}
      </div>
      <slot name="footer"></slot>
    </section>`;
  }

  #readiness(): TemplateResult | typeof nothing {
    return readinessView(this.controller.readiness, this.modelName, () => this.controller.retry());
  }

  #inside(state: GridState): TemplateResult {
    roomInside.want(this);
    return html`<mg-room-view
      exportparts="people, sharing, invite, status"
      .grid=${this.grid}
      .room=${state.room}
      ?loads=${this.model !== ""}
      @mg-failed=${this.#failed}
      >${this.#readiness()}</mg-room-view
    >`;
  }

  #outside(state: GridState): TemplateResult {
    if (!this.openable || this.room !== "")
      return html`${outView(state)}<slot name="empty"><p class="muted">This device is in no room.</p></slot>`;
    roomOpening.want(this);
    return html`${outView(state)}<mg-room-opening .grid=${this.grid} @mg-failed=${this.#failed}></mg-room-opening>`;
  }

  readonly #failed = ({ detail }: CustomEvent<unknown>): void => {
    this.tellThrown(detail);
  };

  readonly #addressChanged = (): void => {
    this.entry.follow(this.grid, this.invite);
  };
}

/** Says why the room did not let this device in, or removed it. */
function outView({ notices }: GridState): TemplateResult | typeof nothing {
  const text = notices.find(({ id }) => id === "room-out")?.text;
  return text === undefined ? nothing : html`<p class="error" part="error" role="alert">${text}</p>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "microgrid-room": MicrogridRoom;
  }
}
