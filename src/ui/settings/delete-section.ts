/** Deletes the conversations, or everything that is stored here. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { WorkspaceElement } from "../element";
import { houseStyles } from "../house/house-styles";
import { askToErase } from "../state/erasing";
import { sections } from "../styles/shared";

/** `<mg-delete-section .workspace>`. */
@customElement("mg-delete-section")
export class DeleteSection extends WorkspaceElement {
  static override readonly styles = [
    sections,
    houseStyles,
    css`
      [role="group"] {
        scroll-margin-block-end: 1rem;
      }
    `,
  ];

  @state() private asking = false;
  @query("[role=group]") private readonly question!: HTMLElement | null;

  // The question opens below the end of the dialog, where it would not be seen.
  protected override updated(changed: PropertyValues): void {
    if (changed.has("asking")) this.question?.scrollIntoView({ block: "nearest" });
  }

  protected override render(): TemplateResult | typeof nothing {
    const chats = this.workspace?.chats;
    if (!chats) return nothing;
    return html`<div class="stack">
      <div class="choices">
        <button class="button" ?disabled=${chats.list.length === 0} @click=${() => chats.remove(...chats.list)}>
          Delete all conversations
        </button>
        <button class="button danger" aria-expanded=${this.asking} @click=${() => (this.asking = !this.asking)}>
          Delete everything here…
        </button>
      </div>
      ${this.asking ? this.#question() : nothing}
    </div>`;
  }

  #question(): TemplateResult {
    return html`<div class="box stack" role="group" aria-label="Delete everything here">
      <p class="small">
        This deletes all that Microgrid keeps in this browser: conversations and drafts, downloaded models, rooms,
        settings, and the keys of this device and of your profile. A profile can be restored only with its recovery
        words or a backup. This cannot be undone.
      </p>
      <div class="choices">
        <button class="button danger" @click=${this.#erase}>Delete everything now</button>
        <button class="button plain" @click=${() => (this.asking = false)}>Cancel</button>
      </div>
    </div>`;
  }

  readonly #erase = async (): Promise<void> => {
    // Others in the room need not wait until they notice; a room that cannot be left now is lost by the reload.
    await this.workspace?.grid.rooms.current?.leave({ now: true }).catch(() => undefined);
    askToErase();
  };
}
