/** The people inside a room, as a guest sees them before joining. */
import { css, html, type TemplateResult } from "lit";
import { plain } from "../../core";
import type { RoomPreview } from "../../grid";
import { avatar } from "../people/avatar";
import { founderMark, houseMark, personName } from "../people/person";

type Inside = RoomPreview["inside"][number];

/** The most people to show; a room may have hundreds. */
const MAX_SHOWN = 4;

export const insideStyles = css`
  .inside {
    display: grid;
    gap: 0.5rem;
    margin: 0.375rem 0 0;
    padding: 0;
    list-style: none;
    font-size: 0.9375rem;
    line-height: 1.4;
  }
  .inside li {
    display: flex;
    align-items: flex-start;
    gap: 0.625rem;
    min-width: 0;
  }
  .inside .who {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .inside .shares {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
`;

/** Lists the people inside, with the houses that vouch for them and what they share. */
export function insideView({ inside, charter }: RoomPreview, modelName: (id: string) => string): TemplateResult {
  return html`<p>${summary(inside)}</p>
    <ul class="inside" aria-label="People inside">
      ${inside.slice(0, MAX_SHOWN).map((peer) => row(peer, isFounder(peer, charter.founders), modelName))}
    </ul>
    ${inside.length > MAX_SHOWN ? html`<p class="muted small">and ${inside.length - MAX_SHOWN} more</p>` : ""}`;
}

function summary(inside: readonly Inside[]): string {
  const people = inside.length === 1 ? "1 person here" : `${inside.length} people here`;
  const sharing = inside.filter((peer) => peer.sharing).length;
  if (sharing === 0) return `${people}, sharing no device`;
  return `${people}, sharing ${sharing} ${sharing === 1 ? "device" : "devices"}`;
}

function row(peer: Inside, founder: boolean, modelName: (id: string) => string): TemplateResult {
  const models = peer.models.map((id) => plain(modelName(id)));
  const shares = !peer.sharing
    ? "does not share"
    : models.length > 0
      ? `shares ${models.join(", ")}`
      : "shares; its model is not ready yet";
  return html`<li>
    ${avatar(peer.did, 32)}
    <div class="who">
      <strong>${personName(peer.name)}</strong> ${houseMark(peer.house)} ${founderMark(founder)}
      <div class="shares muted small"><bdi>${plain(peer.device)}</bdi> · ${shares}</div>
    </div>
  </li>`;
}

function isFounder({ did, house }: Inside, founders: readonly string[]): boolean {
  return founders.includes(did) || (house !== undefined && founders.includes(house.did));
}
