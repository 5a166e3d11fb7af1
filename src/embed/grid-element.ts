/** The common ground of the elements: the page's grid, a model, a room, a theme, and the events about them. */
import { LitElement, type PropertyValues, type TemplateResult, nothing } from "lit";
import { property } from "lit/decorators.js";
import type { MicrogridError } from "../core";
import type { GridApi } from "../grid";
import { modelName } from "../ui/parts";
import { mistakesError, readAttributes } from "./attributes";
import { asMicrogridError } from "./dialogue";
import { type ErrorDetail, send } from "./events";
import { GridController } from "./grid-controller";
import { roomQuestion } from "./lazy";
import { RoomEntryController } from "./room-entry";
import type { ShareByJoining } from "./room-question";

/** An element that uses the grid of its page. */
export abstract class GridElement extends LitElement {
  /** Id of the model of this element; empty for none. */
  @property({ reflect: true, useDefault: true }) model = "guide";
  /** An invite link. The person is asked before the room is entered. Everybody who can read the page can enter it too. */
  @property({ reflect: true, useDefault: true }) room = "";
  /** `light`, `dark`, or `auto` for the visitor's own preference. */
  @property({ reflect: true, useDefault: true }) theme = "auto";

  /** One sentence for each attribute that is wrong. */
  protected mistakes: readonly string[] = [];
  /** @internal */
  protected readonly controller = new GridController(this, {
    onReady: (grid, model) => {
      const load = grid.state.loads[model];
      const backend = load?.kind === "ready" ? load.offer.backend : undefined;
      send(this, "microgrid-ready", { grid, model, backend });
    },
    onProgress: (progress, model) => send(this, "microgrid-progress", { ...progress, model }),
    onChange: () => {
      this.entry.follow(this.grid, this.invite);
      this.entry.refresh();
      this.requestUpdate();
    },
    onPeers: (peers) => send(this, "microgrid-peer-change", { peers }),
    onError: (error, during) => this.tellError(error, during),
  });
  /** @internal */
  protected readonly entry = new RoomEntryController(
    this,
    (error) => this.tellError(error, "room"),
    () => this.usesRoom(),
  );

  /** The grid that all elements of the page share; undefined until it is open. */
  get grid(): GridApi | undefined {
    return this.controller.grid;
  }

  /** The invite of the room that this element is about; empty for none. */
  protected get invite(): string {
    return this.room;
  }

  /** The name of the model for people. */
  protected get modelName(): string {
    return this.grid ? modelName(this.grid.state, this.model) : this.model;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const mistakes = this.readMistakes();
    if (String(mistakes) !== String(this.mistakes)) this.#tellMistakes(mistakes);
    if (changed.has("room")) this.entry.follow(this.grid, this.invite);
  }

  protected readMistakes(): readonly string[] {
    return readAttributes({ policy: "", theme: this.theme, temperature: "" }).mistakes;
  }

  /**
   * The question before the room, or why there is none; `onJoin` hears that the person has agreed.
   *
   * @internal
   */
  protected questionView(share: ShareByJoining, onJoin?: () => void): TemplateResult | typeof nothing {
    const { entry } = this.entry;
    const question = entry.kind === "none" ? undefined : roomQuestion.want(this);
    if (!question) return nothing;
    return question.roomView(entry, {
      texts: question.texts,
      modelName,
      state: this.grid?.state,
      share,
      onLook: () => void this.entry.look(),
      onJoin: (consent) => {
        onJoin?.();
        void this.entry.enter(consent);
      },
      onDecline: () => this.entry.decline(),
    });
  }

  /** Whether the room that this device is in has to stay for this element. */
  protected usesRoom(): boolean {
    return this.entry.entry.kind === "inside";
  }

  protected tellError(error: MicrogridError, during: ErrorDetail["during"]): void {
    send(this, "microgrid-error", { code: error.code, message: error.message, during, error });
  }

  /** Tells of anything thrown by what concerns the room. */
  protected tellThrown(thrown: unknown): MicrogridError {
    const error = asMicrogridError(thrown);
    this.tellError(error, "room");
    return error;
  }

  #tellMistakes(mistakes: readonly string[]): void {
    this.mistakes = mistakes;
    if (mistakes.length === 0) return;
    const error = mistakesError(mistakes);
    // oxlint-disable-next-line no-console -- The author of the page looks there first.
    console.warn(error.message, this);
    this.tellError(error, "attributes");
  }
}
