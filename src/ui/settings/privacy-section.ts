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
  ["room", "This room", "Peers in a room that you joined may answer; the peer that answers sees the chat."],
  ["anywhere", "Anywhere", "Endpoints outside the room that you configured may answer too."],
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
      label="Among those, prefer"
      .value=${policy.prefer}
      @change=${(event: Event) => grid.setPolicy({ prefer: (event.target as HTMLInputElement).value as Policy["prefer"] })}
    >
      <wa-option value="speed">the fastest answer</wa-option>
      <wa-option value="privacy">the most private place</wa-option>
      <wa-option value="cost">the cheapest place</wa-option>
    </wa-select>
  </section>`;
}
