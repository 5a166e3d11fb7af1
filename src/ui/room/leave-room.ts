/** The button “Leave the room”, its confirmation and its progress. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { quotedName } from "../../core";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import type { LeavingState } from "../state/leaving";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";

/** `<mg-leave-room .workspace>`. */
@customElement("mg-leave-room")
export class LeaveRoom extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: 0.75rem;
        scroll-margin-bottom: 1.5rem;
      }
      [role="status"] {
        line-height: 1.5;
      }
    `,
  ];

  @state() private asking = false;
  #kind: LeavingState["kind"] | undefined;

  // The button is at the end of the panel; the content that replaces it may be outside the visible part.
  protected override updated(): void {
    const kind = this.workspace?.leaving.state.kind;
    // The new content has its size by the next frame.
    if (this.#kind !== undefined && kind !== this.#kind) {
      requestAnimationFrame(() => this.scrollIntoView({ block: "nearest" }));
    }
    this.#kind = kind;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const room = workspace?.grid.state.room;
    if (!workspace || !room) return nothing;
    const holds = room.holding.length > 0;
    return html`${this.#progress(workspace)}
      <wa-dialog
        label="Leave ${quotedName(room.name)}?"
        ?open=${this.asking}
        light-dismiss
        @wa-after-hide=${this.#closed}
      >
        <p>
          Answers that others are writing for you continue elsewhere or stop.
          ${holds ? "This device first hands its layers over to others, which may take about 20 seconds." : nothing} You
          stay a member, so you can come back from here.
        </p>
        <button class="button plain" type="button" slot="footer" @click=${() => (this.asking = false)}>Stay</button>
        <button class="button danger" type="button" slot="footer" @click=${() => this.#leave(workspace)}>Leave</button>
      </wa-dialog>`;
  }

  #progress({ leaving }: Workspace): TemplateResult {
    switch (leaving.state.kind) {
      case "handing-over":
        return html`<p role="status">Handing over this device’s layers…</p>
          <button class="button" @click=${() => leaving.leave({ now: true })}>Leave now</button>`;
      case "leaving":
        return html`<p role="status">Leaving…</p>`;
      case "failed":
        return html`<p class="error" role="alert">${leaving.state.text}</p>
          ${this.#button()}`;
      case "no":
        return this.#button();
    }
  }

  #button(): TemplateResult {
    return html`<button class="button danger" type="button" @click=${() => (this.asking = true)}>
      Leave the room
    </button>`;
  }

  readonly #closed = (event: Event): void => {
    if (!isOwn(event)) return;
    this.asking = false;
    // The button that opened the dialog may be gone.
    this.renderRoot.querySelector<HTMLElement>(".button")?.focus();
  };

  #leave({ leaving }: Workspace): void {
    this.asking = false;
    void leaving.leave();
  }
}
