/** The rules that most rooms leave at their defaults: invites, limits, forwarding and logging. */
import { html, nothing, type TemplateResult } from "lit";
import { MAX_CHARTER_TEXT_CHARS } from "../../grid";
import type { CharterDraft } from "./draft";
import type { FormView } from "./form-view";
import "./model-choice";

interface Field extends HTMLElement {
  readonly value: string;
  readonly checked: boolean;
}

/** The fields of the disclosure “More rules”. */
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
      <wa-option value="founders">founders only</wa-option>
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
        ${number(view, "tokensPerAnswer", "Tokens per answer")}
      </div>
      ${view.error("jobsAtOnce")} ${view.error("answersPerHour")} ${view.error("tokensPerAnswer")}
    </div>
    <wa-switch
      hint="Members who do not share a device then get no answers."
      .checked=${draft.contribution === "expected"}
      @change=${(event: Event) => set({ contribution: (event.target as Field).checked ? "expected" : "welcome" })}
      >Members are expected to share</wa-switch
    >
    <wa-switch
      hint="The operator of such an endpoint sees the chat."
      .checked=${draft.endpoints}
      @change=${(event: Event) => set({ endpoints: (event.target as Field).checked })}
      >Members may answer with endpoints outside the room</wa-switch
    >
    <wa-switch
      .checked=${draft.federation}
      @change=${(event: Event) => set({ federation: (event.target as Field).checked })}
      >Spare capacity may go to other rooms</wa-switch
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
  field: "jobsAtOnce" | "answersPerHour" | "tokensPerAnswer",
  label: string,
): TemplateResult {
  return html`<wa-input
    label=${label}
    inputmode="numeric"
    autocomplete="off"
    placeholder="no limit"
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
        label="DIDs of further founders"
        hint="In addition to you. Founders can change the rules and remove members. Prefer a person’s house to a single device."
        rows="2"
        placeholder="did:key:z6Mk…"
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
              label="Founders needed to sign a change"
              inputmode="numeric"
              autocomplete="off"
              .value=${draft.quorum}
              @input=${(event: Event) => set({ quorum: (event.target as Field).value })}
            ></wa-input>
            ${error("quorum")}
          </div>`
    }`;
}
