/** Lists changes that need the signatures of more founders. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { plain } from "../../core";
import type { CharterState, Proposal } from "../../grid";
import { changedRules } from "../charter/changes";
import { charterStyles, rulesList } from "../charter/view";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { modelName } from "../state/models";
import { sections } from "../styles/shared";
import { shortDid } from "../people/person";

/** `<mg-proposals .workspace>`. */
@customElement("mg-proposals")
export class ProposalList extends WorkspaceElement {
  static override readonly styles = [
    sections,
    charterStyles,
    css`
      :host {
        display: block;
        margin-bottom: 1.25rem;
        padding: 0.875rem;
        border: 1px solid var(--mg-border-strong);
        border-radius: var(--mg-radius);
      }
      .waiting {
        display: grid;
        gap: 0.75rem;
        margin: 0.5rem 0 0;
        padding: 0;
        list-style: none;
      }
      .waiting > li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.25rem 0.75rem;
        align-items: center;
        font-size: 0.9375rem;
        line-height: 1.45;
      }
      bdi {
        overflow-wrap: anywhere;
      }
      .rules {
        margin-block: 0.25rem;
        list-style: disc;
      }
    `,
  ];

  readonly #signing = new Task(this, {
    autoRun: false,
    task: async ([id]: readonly [string]) => this.workspace?.grid.rooms.current?.endorse(id),
  });

  protected override render(): TemplateResult | typeof nothing {
    const { charter, proposals = [] } = this.workspace?.grid.state.room ?? {};
    this.hidden = proposals.length === 0;
    if (proposals.length === 0) return nothing;
    return html`<h3>Waiting for owners</h3>
      <ul class="waiting" aria-label="Changes waiting for owners">
        ${repeat(
          proposals,
          ({ id }) => id,
          (proposal) => this.#row(proposal, charter),
        )}
      </ul>
      ${taskFailure(this.#signing)}`;
  }

  #row(proposal: Proposal, charter: CharterState | undefined): TemplateResult {
    const { id, text, signed, needed, mine } = proposal;
    return html`<li>
      <div>
        <bdi>${plain(text)}</bdi>
        ${this.#rules(proposal, charter)}
        <div class="muted small">${signed.length} of ${needed} agree</div>
      </div>
      ${
        mine
          ? html`<button
              class="button"
              aria-label="Agree: ${plain(text)}"
              ?disabled=${this.#signing.status === TaskStatus.PENDING}
              @click=${() => void this.#signing.run([id])}
            >
              Agree
            </button>`
          : nothing
      }
    </li>`;
  }

  /** The rules that would change, as they would be. */
  #rules({ terms }: Proposal, charter: CharterState | undefined): TemplateResult | typeof nothing {
    const state = this.workspace?.grid.state;
    if (!terms || !charter || !state) return nothing;
    const names = { model: (model: string): string => modelName(state, model), did: shortDid };
    return rulesList(changedRules(charter, { ...charter, ...terms }, names), "Proposed rules");
  }
}
