/** The rules that few rooms need to write themselves: who invites, limits, what is passed on and what is logged. */
import { html, nothing, type TemplateResult } from "lit";
import { type CharterDraft, MAX_LOGS_CHARS } from "./draft";
import type { FormView } from "./form";
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
      label="Who may make invites"
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
      <p class="small muted">Limits for each member. Empty means none.</p>
      <div class="numbers">
        ${number(view, "jobsAtOnce", "Answers at once")} ${number(view, "answersPerHour", "Answers an hour")}
        ${number(view, "tokensPerAnswer", "Tokens an answer")}
      </div>
      ${view.error("jobsAtOnce")} ${view.error("answersPerHour")} ${view.error("tokensPerAnswer")}
    </div>
    <wa-switch
      hint="Who shares no device is then not answered."
      .checked=${draft.contribution === "expected"}
      @change=${(event: Event) => set({ contribution: (event.target as Field).checked ? "expected" : "welcome" })}
      >Members are expected to share</wa-switch
    >
    <wa-switch
      hint="Whoever runs the endpoint then sees the chat."
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
      hint="In your words, for everybody to read. Empty means nothing."
      maxlength=${MAX_LOGS_CHARS}
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
      hint="One address in each line. Invites carry them; older invites keep the ones they have."
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
        label="More founders, by their dids"
        hint="Besides you. Founders change the rules and remove members. Name a person’s house rather than one device."
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
              label="Founders who must sign a change"
              inputmode="numeric"
              autocomplete="off"
              .value=${draft.quorum}
              @input=${(event: Event) => set({ quorum: (event.target as Field).value })}
            ></wa-input>
            ${error("quorum")}
          </div>`
    }`;
}
