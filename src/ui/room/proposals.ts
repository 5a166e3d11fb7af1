/** Lists changes that need the signatures of more founders. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { CharterState, Proposal } from "../../grid";
import { changedRules } from "../charter/changes";
import { charterStyles, rulesList } from "../charter/view";
import { WorkspaceElement } from "../element";
import { errorText } from "../failure";
import { plain } from "../plain";
import { modelName } from "../state/models";
import { sections } from "../styles/shared";
import { shortDid } from "../people/person";

/** `<mg-proposals .workspace>`. */
@customElement("mg-proposals")
export class Proposals extends WorkspaceElement {
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

  @state() private failure = "";
  @state() private signing = "";

  protected override render(): TemplateResult | typeof nothing {
    const { charter, proposals = [] } = this.workspace?.grid.state.room ?? {};
    this.hidden = proposals.length === 0;
    if (proposals.length === 0) return nothing;
    return html`<h3>Waiting for founders</h3>
      <ul class="waiting" aria-label="Changes waiting for founders">
        ${repeat(
          proposals,
          ({ id }) => id,
          (proposal) => this.#row(proposal, charter),
        )}
      </ul>
      ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}`;
  }

  #row(proposal: Proposal, charter: CharterState | undefined): TemplateResult {
    const { id, text, signed, needed, mine } = proposal;
    return html`<li>
      <div>
        <bdi>${plain(text)}</bdi>
        ${this.#rules(proposal, charter)}
        <div class="muted small">${signed.length} of ${needed} signatures</div>
      </div>
      ${
        mine
          ? html`<button
              class="button"
              aria-label="Sign: ${plain(text)}"
              ?disabled=${this.signing === id}
              @click=${() => void this.#sign(id)}
            >
              Sign
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

  async #sign(id: string): Promise<void> {
    this.failure = "";
    this.signing = id;
    try {
      await this.workspace?.grid.rooms.current?.endorse(id);
    } catch (error) {
      this.failure = errorText(error);
    } finally {
      this.signing = "";
    }
  }
}
