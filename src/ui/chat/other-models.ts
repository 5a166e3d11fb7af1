/** The menu beside the button that regenerates: the models that could answer again. */
import { html, type TemplateResult } from "lit";
import { icon, checkIcon, downIcon, plusIcon, retryIcon } from "../icons";
import "../menu";
import { modelName, readyOffers } from "../state/models";
import type { Workspace } from "../state/workspace";

/** `answeredBy` is the model of the present answer. Goes into the slot `more` of an answer. */
export function otherModels(workspace: Workspace, answeredBy: string | undefined): TemplateResult {
  const { state } = workspace.grid;
  const ids = new Set(readyOffers(state).map(({ model }) => model));
  return html`<mg-menu slot="more" label="Regenerate with another model" menu-label="Models" .symbol=${downIcon}>
    ${[...ids].map(
      (id) =>
        html`<button role="menuitem" @click=${() => workspace.chats.regenerate(id)}>
          ${icon(id === answeredBy ? checkIcon : retryIcon, 16)} ${modelName(state, id)}
        </button>`,
    )}
    <button role="menuitem" @click=${() => workspace.show({ dialog: "models" })}>
      ${icon(plusIcon, 16)} Get another model…
    </button>
  </mg-menu>`;
}
