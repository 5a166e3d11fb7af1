/** The next step from the demo to a useful model, with one button. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { quoted, quotedName } from "../../core";
import { type ModelInfo, familyOf, memberName } from "../../grid";
import { WorkspaceElement } from "../element";
import { formatExpectedRate, formatSize } from "../format";
import { sections } from "../styles/shared";
import { type Recommendation, recommend } from "./recommend";
import { rateText } from "./useful";

/** The words of the card, and its button. */
interface Step {
  readonly title: string;
  readonly name: string;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void };
  /** True if the button takes the person back instead of on. */
  readonly quiet?: true;
  /** True if the title tells of a failure. */
  readonly failed?: true;
}

/** `<mg-recommendation .workspace>`: a region named “Recommended”. Empty while something better than the demo answers. */
@customElement("mg-recommendation")
export class RecommendationCard extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: block;
      }
      .card {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.625rem 1rem;
        padding: 0.75rem 1rem;
        border: 1px solid color-mix(in srgb, var(--mg-accent), transparent 60%);
        border-radius: var(--mg-radius);
        background: var(--mg-accent-soft);
        line-height: 1.45;
        text-align: start;
      }
      .words {
        flex: 1 1 9rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .title {
        color: var(--mg-accent);
        font-size: 0.8125rem;
        font-weight: 550;
      }
      .failed .title {
        color: var(--mg-danger);
      }
      .name {
        font-weight: 600;
      }
      /* Beside the button, a phone would leave the words three to a line. */
      @media (max-width: 480px) {
        .words {
          flex-basis: 100%;
        }
        .button {
          flex: 1;
        }
      }
    `,
  ];

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const found = workspace && recommend(workspace.grid.state, workspace.wantedModel);
    if (!found) return nothing;
    const { title, name, text, action, quiet, failed } = this.#step(found);
    return html`<div class="card" role="group" aria-label="Recommended">
      <div class="words ${failed ? "failed" : ""}">
        <div class="title">${title}</div>
        ${name === "" ? nothing : html`<bdi class="name">${name}</bdi>`}
        <div class="small">${text}</div>
      </div>
      <button class="button ${quiet ? "" : "primary"}" @click=${action.run}>${action.label}</button>
    </div>`;
  }

  #step(found: Recommendation): Step {
    switch (found.kind) {
      case "load":
        return this.#load(found);
      case "ask": {
        const { peer, offer } = found;
        const rate = offer.decodeRate === undefined ? "" : formatExpectedRate(offer.decodeRate);
        return {
          title: "In your room",
          name: `${quotedName(peer.name)} has ${quoted(nameOf({ id: offer.model, name: offer.name }))}`,
          text: facts(rate, goodAt(offer.model), "nothing to download"),
          action: { label: "Ask it", run: () => void this.workspace?.moveTo(offer.model) },
        };
      }
      case "none":
        return {
          title: "No listed model fits this device",
          name: "",
          ...this.#room(),
        };
      case "too-slow":
        return {
          title: "This device is slow with better models",
          name: "",
          ...this.#room(formatExpectedRate(found.rate)),
        };
    }
  }

  /** The way to a device that can do more. */
  #room(here = ""): Pick<Step, "text" | "action"> {
    const inside = this.workspace?.grid.state.room !== undefined;
    const text = inside
      ? "Ask somebody in your room to share a faster device."
      : "In a room, a faster device can answer you.";
    return {
      text: facts(text, here === "" ? "" : `this one would write ${here}`),
      action: {
        label: inside ? "Show the room" : "Open or join a room",
        run: () => this.workspace?.show({ dialog: undefined, panel: "room" }),
      },
    };
  }

  #load({ model, rate, speed, slow }: Extract<Recommendation, { kind: "load" }>): Step {
    const name = nameOf(model);
    const load = this.workspace?.grid.state.loads[model.id];
    const begin = (): void => {
      // A failure stays in the grid's state, from where this card shows it.
      this.workspace?.bring(model.id).catch(() => undefined);
    };
    if (load?.kind === "loading") {
      return {
        title: "On its way",
        name,
        text: "The demo answers meanwhile. This chat moves over when the model is ready.",
        action: { label: "Cancel", run: () => this.workspace?.loads.cancel(model.id) },
        quiet: true,
      };
    }
    if (load?.kind === "failed") {
      return {
        title: "This did not work",
        name,
        text: load.error.message,
        action: { label: "Try again", run: begin },
        failed: true,
      };
    }
    if (load?.kind === "ready") {
      const use = (): void => void this.workspace?.moveTo(model.id);
      return {
        title: "Ready on this device",
        name,
        text: facts(goodAt(model.id)),
        action: { label: "Use it", run: use },
      };
    }
    const about = rateText({ rate, speed });
    return {
      title: "Recommended for this device",
      name,
      text: facts(sizeOf(model), slow ? `slow here: ${about}` : about, goodAt(model.id)),
      action: { label: { no: "Download", partial: "Continue the download", yes: "Load" }[model.stored], run: begin },
    };
  }
}

function nameOf({ id, name }: Pick<ModelInfo, "id" | "name">): string {
  const member = familyOf(id);
  return member ? memberName(member) : name;
}

function sizeOf({ stored, sizeIsEstimate, downloadBytes }: ModelInfo): string {
  return stored === "yes" ? "already downloaded" : `${sizeIsEstimate ? "about " : ""}${formatSize(downloadBytes)}`;
}

function goodAt(id: string): string {
  const family = familyOf(id)?.family;
  return family ? `good at ${family.goodAt}` : "";
}

function facts(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(" · ");
}
