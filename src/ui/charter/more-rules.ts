/** The rules that most rooms leave at their defaults: invites, limits, forwarding and logging. */
import { html, nothing, type TemplateResult } from "lit";
import { MAX_CHARTER_TEXT_CHARS } from "../../grid";
import type { CharterDraft } from "./draft";
import { type FormView, ID_EXAMPLE } from "./form-view";
import "./model-choice";

interface Field extends HTMLElement {
  readonly value: string;
  readonly checked: boolean;
}

/** The fields below purpose and admission. */
export function moreRules(view: FormView): TemplateResult {
  const { draft, set } = view;
  const value = (event: Event): string => (event.target as Field).value;
  return html`
    <wa-select
      label="Who can make invites"
      .value=${draft.invites}
      @change=${(event: Event) => set({ invites: value(event) as CharterDraft["invites"] })}
    >
      <wa-option value="members">every member</wa-option>
      <wa-option value="founders">owners only</wa-option>
    </wa-select>
    <div class="field">
      <mg-model-choice
        .models=${view.models}
        .chosen=${draft.models}
        @mg-chosen=${({ detail }: CustomEvent<CharterDraft["models"]>) => set({ models: detail })}
      ></mg-model-choice>
      ${view.error("models")}
    </div>
    <div class="field">
      <p class="small muted">Limits for each member. Leave a field empty for no limit.</p>
      <div class="numbers">
        ${number(view, "jobsAtOnce", "Answers at once")} ${number(view, "answersPerHour", "Answers per hour")}
        ${number(view, "tokensPerAnswer", "Answer length limit (tokens)")}
      </div>
      ${view.error("jobsAtOnce")} ${view.error("answersPerHour")} ${view.error("tokensPerAnswer")}
    </div>
    <div class="field">
      ${number(view, "people", "People whom each member can bring in", {
        hint: "The people that these bring in count, too. Owners have no limit.",
        placeholder: draft.standardPeople === undefined ? "no limit" : String(draft.standardPeople),
      })}
      ${view.error("people")}
    </div>
    <wa-switch
      hint="Only members who share a device then get answers."
      .checked=${draft.contribution === "expected"}
      @change=${(event: Event) => set({ contribution: (event.target as Field).checked ? "expected" : "welcome" })}
      >Members are expected to share</wa-switch
    >
    <wa-input
      label="What is logged"
      hint="In your own words, shown to everyone. Leave empty if nothing is logged."
      maxlength=${MAX_CHARTER_TEXT_CHARS}
      autocomplete="off"
      .value=${draft.logs}
      @input=${(event: Event) => set({ logs: value(event) })}
    ></wa-input>
    ${draft.servers === undefined ? nothing : servers(view, draft.servers)}
    ${draft.founders === undefined ? nothing : founders(view, draft.founders)}
  `;
}

function number(
  { draft, set }: FormView,
  field: "jobsAtOnce" | "answersPerHour" | "tokensPerAnswer" | "people",
  label: string,
  { hint = "", placeholder = "no limit" } = {},
): TemplateResult {
  return html`<wa-input
    label=${label}
    hint=${hint}
    inputmode="numeric"
    autocomplete="off"
    placeholder=${placeholder}
    .value=${draft[field]}
    @input=${(event: Event) => set({ [field]: (event.target as Field).value })}
  ></wa-input>`;
}

function servers({ set, error }: FormView, text: string): TemplateResult {
  return html`<div class="field">
    <wa-textarea
      class="dids"
      label="Signaling servers"
      hint="One address per line. They are part of new invites; older invites keep their own."
      rows="2"
      spellcheck="false"
      .value=${text}
      @input=${(event: Event) => set({ servers: (event.target as Field).value })}
    ></wa-textarea>
    ${error("servers")}
  </div>`;
}

function founders({ draft, set, error }: FormView, text: string): TemplateResult {
  return html`<div class="field">
      <wa-textarea
        class="dids"
        label="IDs of further owners"
        hint="In addition to you. Owners can change the rules and remove members. A profile is safer than one device, which can be lost."
        rows="2"
        placeholder=${ID_EXAMPLE}
        spellcheck="false"
        .value=${text}
        @input=${(event: Event) => set({ founders: (event.target as Field).value })}
      ></wa-textarea>
      ${error("founders")}
    </div>
    ${
      text.trim() === ""
        ? nothing
        : html`<div class="field">
            <wa-input
              label="Owners needed to agree to a change"
              inputmode="numeric"
              autocomplete="off"
              .value=${draft.quorum}
              @input=${(event: Event) => set({ quorum: (event.target as Field).value })}
            ></wa-input>
            ${error("quorum")}
          </div>`
    }`;
}
