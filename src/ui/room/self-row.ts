/** This device in the list of people in a room. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { GridState, RoomState } from "../../grid";
import { gpuName } from "../state/device";
import { loadedOffers } from "../state/models";
import { avatar } from "../people/avatar";
import { founderMark, houseMark, personName } from "../people/person";

export const selfStyles = css`
  .self {
    display: flex;
    gap: 0.75rem;
    padding: 0.625rem 0;
    line-height: 1.45;
  }
  .self strong {
    font-size: 0.9375rem;
    font-weight: 550;
  }
  .self .link {
    align-self: start;
  }
`;

/** The row, with a button at its end if there is one. Needs `selfStyles`, `personStyles` and `sections`. */
export function selfRow(
  state: GridState,
  { membership }: RoomState,
  button: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  const { node, device } = state;
  const ready = loadedOffers(state).map((offer) => offer.name || offer.model);
  const founder = membership.kind === "member" && membership.founder;
  return html`<div class="self">
    ${avatar(node.did)}
    <div class="grow">
      <strong>${personName(node.name)}</strong> <span class="muted small">(you)</span>
      <div>${houseMark(node.house)} ${founderMark(founder)}</div>
      <div class="muted small">${[device.label, device.webgpu ? gpuName(device.webgpu) : "no GPU"].join(" · ")}</div>
      <div class="small">${ready.length > 0 ? ready.join(", ") : "no model loaded"}</div>
    </div>
    ${button}
  </div>`;
}
