/** A room as a guest sees it before entering: its purpose, its rules and who is inside. */
import { css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { DAY_MS, nameText } from "../../core";
import type { RoomPreview } from "../../grid";
import { charterStyles, foldedRules, purposeView } from "../charter/view";
import { MicrogridElement } from "../element";
import { insideStyles, insideView } from "./inside";
import { personStyles, shortDid } from "../people/person";

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
    `,
  ];

  @property({ attribute: false }) preview: RoomPreview | undefined;
  /** Gives a model's name for people. */
  @property({ attribute: false }) modelName: (id: string) => string = (id) => id;
  protected override render(): TemplateResult | typeof nothing {
    const { preview, modelName } = this;
    if (!preview) return nothing;
    const known = new Map(preview.inside.map((peer) => [peer.did, nameText(peer.name)]));
    const names = { model: modelName, did: (did: string) => known.get(did) ?? shortDid(did) };
    return html`${purposeView(preview.charter)}
      <div>${insideView(preview, modelName)}</div>
      ${ownersView(preview)} ${foldedRules(preview.charter, names)}`;
  }
}

/** A warning where no owner has confirmed the room lately; nothing otherwise. */
function ownersView({ foundersHeardAt: heardAt, isConfirmed }: RoomPreview): TemplateResult | typeof nothing {
  if (isConfirmed) return nothing;
  const last =
    heardAt === undefined
      ? "No owner has confirmed this room yet"
      : `An owner last confirmed this room ${days(heardAt)}`;
  return html`<p class="muted small">
    ${last}. If somebody was removed since then, that person could still show you the room as it was.
  </p>`;
}

function days(since: number): string {
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return format.format(-Math.round((Date.now() - since) / DAY_MS), "day");
}
