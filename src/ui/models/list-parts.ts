/** An item of a list of models, as the curated list and the results of a search show it. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { ModelInfo } from "../../grid";
import { peerOffers } from "../state/models";
import type { Workspace } from "../state/workspace";
import "./model-row";

export const listStyles = css`
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    content-visibility: auto;
    contain-intrinsic-size: auto 5rem;
    border-top: 1px solid var(--mg-border);
  }
  li:first-child {
    border-top: 0;
  }
`;

/** A row, under `title` if that is given instead of the model's full name. */
export function modelItem(
  workspace: Workspace | undefined,
  model: ModelInfo,
  title = model.name,
  below: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  const offered = workspace !== undefined && peerOffers(workspace.grid.state).some((offer) => offer.model === model.id);
  return html`<li>
    <mg-model-row .workspace=${workspace} .model=${model} .label=${title} ?offered=${offered}></mg-model-row>
    ${below}
  </li>`;
}
