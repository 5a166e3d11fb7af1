/** What is seen of a room before it is entered: its purpose, its rules, who is inside. */
import { html, nothing, type TemplateResult } from "lit";
import { plain } from "../ui/parts";
import type { Look } from "./room-entry";

/** Rules that are seen at once: who comes in, who invites, what answers. The others are one press away. */
const FIRST_RULES = 3;
/** Most people that are named; the others are counted. */
const MAX_NAMED = 5;

export function roomLook(look: Look): TemplateResult {
  switch (look.kind) {
    case "not-yet":
      return html`<p class="muted small">
        Look inside to see its rules and who is there. They learn your network address, and nothing else.
      </p>`;
    case "looking":
      return html`<p class="muted small" role="status">
        Looking for somebody inside, who can show its rules. While nobody is there, this goes on.
      </p>`;
    case "failed":
      return html`<p class="error" part="error" role="alert">
        The room could not be looked into. ${look.error.message}
      </p>`;
    case "seen":
      return seen(look);
  }
}

function seen({ purpose, rules, inside, entrance }: Extract<Look, { kind: "seen" }>): TemplateResult {
  const named = inside.slice(0, MAX_NAMED).map(({ name, house }) => {
    const of = house ? `of ${plain(house.name)}, verified` : "unverified";
    return html`<li><bdi>${plain(name) || "Unnamed"}</bdi> (<bdi>${of}</bdi>)</li>`;
  });
  return html`
    ${entrance.kind === "closed" ? html`<p class="error" role="status">${entrance.reason}</p>` : nothing}
    ${purpose === "" ? nothing : html`<p class="purpose"><bdi>${purpose}</bdi></p>`}
    <div>
      <p>Its rules:</p>
      <ul aria-label="Rules">
        ${rules.slice(0, FIRST_RULES).map((rule) => html`<li>${rule}</li>`)}
      </ul>
      <details>
        <summary>${rules.length - FIRST_RULES} more rules</summary>
        <ul aria-label="More rules">
          ${rules.slice(FIRST_RULES).map((rule) => html`<li>${rule}</li>`)}
        </ul>
      </details>
    </div>
    <div>
      <p>Inside now: ${inside.length}</p>
      <ul aria-label="Who is inside">
        ${named} ${inside.length > MAX_NAMED ? html`<li>and ${inside.length - MAX_NAMED} more</li>` : nothing}
      </ul>
    </div>
  `;
}
