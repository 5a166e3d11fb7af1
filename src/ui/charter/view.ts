/** Shows the charter of a room: its purpose and its rules. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { CharterState } from "../../grid";
import { type Names, type Rule, comparedRules, purposeOf, rulesOf } from "./rules";

export const charterStyles = css`
  .purpose {
    overflow-wrap: anywhere;
    white-space: pre-line;
  }
  .rules {
    display: grid;
    gap: 0.375rem;
    margin: 0.25rem 0 0;
    padding-inline-start: 1.125rem;
    font-size: 0.9375rem;
    line-height: 1.5;
    overflow-wrap: anywhere;
  }
  .rules li::marker {
    color: var(--mg-accent);
  }
  .rules li + li {
    border: 0;
  }
  .rules details {
    font-size: 0.8125rem;
  }
  .rules summary {
    width: fit-content;
    color: var(--mg-accent);
    cursor: pointer;
  }
  .fold summary {
    width: fit-content;
    color: var(--mg-accent);
    font-size: 0.875rem;
    cursor: pointer;
  }
  .rules ul {
    margin: 0.25rem 0 0;
    padding-inline-start: 1rem;
  }
`;

/** The purpose of the room, if its founders gave one. */
export function purposeView(charter: CharterState): TemplateResult | typeof nothing {
  const purpose = purposeOf(charter);
  return purpose === "" ? nothing : html`<p class="purpose"><bdi>${purpose}</bdi></p>`;
}

/** The rules as a list. */
export function rulesView(charter: CharterState, names: Names): TemplateResult {
  return rulesList(rulesOf(charter, names), "Rules");
}

/** The rules behind one line, which says how many of them a new room does not have. */
export function foldedRules(charter: CharterState, names: Names): TemplateResult {
  const { heading, rules } = comparedRules(charter, names);
  return html`<details class="fold">
    <summary>${heading}</summary>
    ${rulesList(rules, "Rules")}
  </details>`;
}

/** A labelled list of rules. */
export function rulesList(rules: readonly Rule[], label: string): TemplateResult {
  return html`<ul class="rules" aria-label=${label}>
    ${rules.map(
      ({ text, list }) =>
        html`<li>
          ${text}
          ${
            list
              ? html`<details>
                  <summary>Show the list</summary>
                  <ul>
                    ${list.map((item) => html`<li><bdi>${item}</bdi></li>`)}
                  </ul>
                </details>`
              : nothing
          }
        </li>`,
    )}
  </ul>`;
}
