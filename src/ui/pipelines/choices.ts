/** Chooses the number of devices and of parallel answers of a plan. Each choice asks the room again. */
import { html, type TemplateResult } from "lit";
import type { PlanOptions } from "../../grid";
import type { Workspace } from "../state/workspace";

/** The numbers of parallel answers to offer. */
const ANSWERS = [1, 2, 4, 8] as const;
/** The largest number of devices to offer; beyond it, “automatic” decides. */
const MOST_STAGES = 12;

/** Two selects. Needs `planStyles`. */
export function planChoices({ grid, together }: Workspace): TemplateResult {
  const { stages, answers = 1, ...options } = together.shown?.options ?? {};
  const most = Math.min(MOST_STAGES, Math.max(stages ?? 0, (grid.state.room?.peers.length ?? 0) + 1));
  const again = (changes: PlanOptions): void => void together.again({ options: { ...options, answers, ...changes } });
  const valueOf = (event: Event): number => Number((event.target as HTMLSelectElement).value);
  return html`<div class="choices">
    <label
      >Devices with layers
      <select
        @change=${(event: Event) => {
          const count = valueOf(event);
          again(count === 0 ? {} : { stages: count });
        }}
      >
        <option value="0" ?selected=${stages === undefined}>automatic</option>
        ${Array.from({ length: most }, (_, index) => index + 1).map(
          (count) => html`<option value=${count} ?selected=${stages === count}>${count}</option>`,
        )}
      </select>
    </label>
    <label
      >Answers at once
      <select @change=${(event: Event) => again({ ...(stages !== undefined && { stages }), answers: valueOf(event) })}>
        ${ANSWERS.map((count) => html`<option value=${count} ?selected=${answers === count}>${count}</option>`)}
      </select>
    </label>
  </div>`;
}
