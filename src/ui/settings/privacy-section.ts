/** Chooses which devices may answer, and what to prefer among them. */
import { html, type TemplateResult } from "lit";
import type { Policy } from "../../grid";
import type { Workspace } from "../state/workspace";

const PRIVACY: readonly (readonly [Policy["privacy"], string, string])[] = [
  [
    "device",
    "This device only",
    "Nothing you write leaves this device. Without a model on this device, there are no answers.",
  ],
  ["room", "This room", "People in a room that you joined can answer. The device that answers can read that chat."],
];

/** The section. Needs `choiceStyles`. */
export function privacySection({ grid }: Workspace): TemplateResult {
  const { policy } = grid.state;
  return html`<section>
    <fieldset>
      <legend>Who may answer</legend>
      <div class="list">
        ${PRIVACY.map(
          ([privacy, label, hint]) =>
            html`<label class="choice">
              <input
                type="radio"
                name="privacy"
                aria-label=${label}
                .checked=${policy.privacy === privacy}
                @change=${() => grid.setPolicy({ privacy })}
              />
              <span>${label}<br /><span class="muted small">${hint}</span></span>
            </label>`,
        )}
      </div>
    </fieldset>
    <wa-select
      label="Prefer"
      .value=${policy.prefer}
      @change=${(event: Event) => grid.setPolicy({ prefer: (event.target as HTMLInputElement).value as Policy["prefer"] })}
    >
      <wa-option value="speed">fastest answer</wa-option>
      <wa-option value="privacy">most private place</wa-option>
      <wa-option value="cost">cheapest place</wa-option>
    </wa-select>
  </section>`;
}
