/** The settings of one conversation: model, system prompt and sampling. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { capitalized } from "../../core";
import type { ConversationSettings, ModelOffer, Sampling } from "../../grid";
import "../controls";
import { WorkspaceElement } from "../element";
import { icon, closeIcon } from "../icons";
import "../range";
import { answeringModel, defaultMaxTokens, defaultSampling, modelName, readyOffers } from "../state/models";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";

interface SliderSpec {
  readonly key: keyof Sampling;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

const SLIDERS: readonly SliderSpec[] = [
  {
    key: "temperature",
    label: "Temperature",
    hint: "Low = predictable, high = creative.",
    min: 0,
    max: 2,
    step: 0.05,
  },
  {
    key: "topK",
    label: "Top-k",
    hint: "Choose among the k likeliest tokens; 0 means all tokens.",
    min: 0,
    max: 200,
    step: 1,
  },
  {
    key: "topP",
    label: "Top-p",
    hint: "Choose among the likeliest tokens that add up to this probability.",
    min: 0.05,
    max: 1,
    step: 0.01,
  },
  {
    key: "minP",
    label: "Min-p",
    hint: "Ignore tokens below this share of the likeliest token’s probability.",
    min: 0,
    max: 0.5,
    step: 0.01,
  },
  {
    key: "repetitionPenalty",
    label: "Repetition penalty",
    hint: "Above 1, tokens that already appeared become less likely.",
    min: 0.8,
    max: 1.6,
    step: 0.01,
  },
];

const EFFORTS = ["low", "medium", "high"] as const;

/** `<mg-chat-settings .workspace>`. */
@customElement("mg-chat-settings")
export class ChatSettings extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: block;
        padding: 0.75rem 1.25rem 1.5rem;
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 2.5rem;
        margin-bottom: 1rem;
      }
      h2 {
        font-size: 1.0625rem;
        font-weight: 620;
      }
      section {
        gap: 1.125rem;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 0.75rem;
      }
    `,
  ];

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { settings } = workspace.chats;
    const offer = answeringModel(workspace.grid.state, workspace.wantedModel);
    const sampling = { ...defaultSampling(offer), ...settings.sampling };
    return html`
      <header>
        <h2>Chat settings</h2>
        <button class="icon-button" aria-label="Close panel" @click=${() => workspace.closePanel()}>
          ${icon(closeIcon)}
        </button>
      </header>
      <section>
        ${this.#modelSelect(workspace, settings)}
        <wa-textarea
          label="System prompt"
          hint=${systemHint(offer)}
          rows="4"
          resize="auto"
          .value=${settings.systemPrompt ?? ""}
          @change=${(event: Event) => this.#set({ systemPrompt: valueOf(event) || undefined })}
        ></wa-textarea>
        ${this.#thinking(offer, settings)}
      </section>
      <section>
        ${SLIDERS.map((spec) => this.#slider(spec, sampling[spec.key] ?? 0))}
        <div class="pair">
          <wa-input
            label="Seed"
            type="number"
            step="1"
            placeholder="random"
            .value=${settings.seed === undefined ? "" : String(settings.seed)}
            @change=${(event: Event) => this.#set({ seed: integer(valueOf(event)) })}
          ></wa-input>
          <wa-input
            label="Answer length limit"
            type="number"
            min="1"
            step="1"
            placeholder="${defaultMaxTokens(offer)} tokens"
            .value=${settings.maxTokens === undefined ? "" : String(settings.maxTokens)}
            @change=${(event: Event) => this.#set({ maxTokens: atLeastOne(integer(valueOf(event))) })}
          ></wa-input>
        </div>
        <wa-textarea
          label="Stop texts"
          hint="One per line. An answer ends before the first of them."
          rows="2"
          resize="auto"
          .value=${settings.stop.join("\n")}
          @change=${(event: Event) => this.#set({ stop: valueOf(event).split("\n").filter(Boolean) })}
        ></wa-textarea>
      </section>
      <section>
        <button class="button" type="button" @click=${() => workspace.chats.changeSettings({ sampling: {}, stop: [] })}>
          Reset to defaults
        </button>
      </section>
    `;
  }

  #modelSelect(workspace: Workspace, settings: ConversationSettings): TemplateResult {
    const { state } = workspace.grid;
    const stored = state.models.filter((model) => model.stored === "yes").map((model) => model.id);
    const ready = readyOffers(state).map((offer) => offer.model);
    const own = settings.model === undefined ? [] : [settings.model];
    const ids = [...new Set([...own, ...ready, ...stored])];
    return html`<wa-select
      label="Model"
      .value=${settings.model ?? "default"}
      @change=${(event: Event) => {
        const model = valueOf(event);
        this.#set({ model: model === "default" ? undefined : model });
      }}
    >
      <wa-option value="default">Last used</wa-option>
      ${ids.map((id) => html`<wa-option value=${id}>${modelName(state, id)}</wa-option>`)}
    </wa-select>`;
  }

  /** The choice that the model's chat template offers, if any. */
  #thinking(offer: ModelOffer | undefined, { thinking }: ConversationSettings): TemplateResult | typeof nothing {
    const { chat } = offer ?? {};
    if (chat?.thinking === "switch") {
      return html`<wa-switch
        .checked=${typeof thinking === "boolean" ? thinking : chat.thinks}
        @change=${(event: Event) => this.#set({ thinking: (event.target as HTMLInputElement).checked })}
        >Think before answering</wa-switch
      >`;
    }
    if (chat?.thinking !== "effort") return nothing;
    return html`<wa-select
      label="Thinking"
      .value=${typeof thinking === "string" ? thinking : "default"}
      @change=${(event: Event) => {
        const effort = EFFORTS.find((each) => each === valueOf(event));
        this.#set({ thinking: effort });
      }}
    >
      <wa-option value="default">As the model does</wa-option>
      ${EFFORTS.map((effort) => html`<wa-option value=${effort}>${capitalized(effort)}</wa-option>`)}
    </wa-select>`;
  }

  #slider({ key, label, hint, min, max, step }: SliderSpec, value: number): TemplateResult {
    return html`<mg-range
      label=${label}
      hint=${hint}
      min=${min}
      max=${max}
      step=${step}
      .value=${value}
      @change=${(event: Event) => this.#set({ sampling: { ...this.workspace?.chats.settings.sampling, [key]: Number(valueOf(event)) } })}
    ></mg-range>`;
  }

  /** Changes some settings; undefined resets a setting to its default. */
  #set(patch: { [Key in keyof ConversationSettings]?: ConversationSettings[Key] | undefined }): void {
    const { workspace } = this;
    if (!workspace) return;
    const merged = Object.entries({ ...workspace.chats.settings, ...patch }).filter(([, value]) => value !== undefined);
    void workspace.chats.changeSettings(Object.fromEntries(merged) as ConversationSettings);
  }
}

function systemHint(offer: ModelOffer | undefined): string {
  const hint = "Instructions for the model before the conversation.";
  return offer?.chat?.system === false ? `${hint} This model reads them at the beginning of the first question.` : hint;
}

function valueOf(event: Event): string {
  const { value } = event.target as unknown as { value: string | number | null };
  return String(value ?? "");
}

function integer(text: string): number | undefined {
  const value = Number.parseInt(text, 10);
  return Number.isSafeInteger(value) ? value : undefined;
}

function atLeastOne(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(1, value);
}
