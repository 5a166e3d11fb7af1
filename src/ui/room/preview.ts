/** A room as a guest sees it before entering: its purpose, its rules and who is inside. */
import { css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import type { RoomPreview } from "../../grid";
import { rulesOf } from "../charter/rules";
import { charterStyles, purposeView, rulesList } from "../charter/view";
import { MicrogridElement } from "../element";
import { insideStyles, insideView } from "./inside";
import { nameText, personStyles, shortDid } from "../people/person";

export { entranceFor } from "../charter/entrance";

/** `<mg-room-preview .preview .modelName>`. */
export class RoomPreviewView extends MicrogridElement {
  static override readonly styles = [
    personStyles,
    charterStyles,
    insideStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1rem;
      }
      summary {
        width: fit-content;
        margin-top: 0.25rem;
        color: var(--mg-accent);
        font-size: 0.8125rem;
        cursor: pointer;
      }
    `,
  ];

  @property({ attribute: false }) preview: RoomPreview | undefined;
  /** Gives a model's name for people. */
  @property({ attribute: false }) modelName: (id: string) => string = (id) => id;
  /** How many rules are shown at once; the others are one press away. */
  @property({ attribute: false }) firstRules = Infinity;

  protected override render(): TemplateResult | typeof nothing {
    const { preview, modelName, firstRules } = this;
    if (!preview) return nothing;
    const known = new Map(preview.inside.map((peer) => [peer.did, nameText(peer.name)]));
    const names = { model: modelName, did: (did: string) => known.get(did) ?? shortDid(did) };
    const rules = rulesOf(preview.charter, names);
    const more = rules.slice(firstRules);
    return html`${purposeView(preview.charter)}
      <div>
        <p>Its rules:</p>
        ${rulesList(rules.slice(0, firstRules), "Rules")}
        ${
          more.length === 0
            ? nothing
            : html`<details>
                <summary>${more.length} more rules</summary>
                ${rulesList(more, "More rules")}
              </details>`
        }
      </div>
      <div>${insideView(preview, modelName)}</div>`;
  }
}
