/** Finds requests of people in the room that the user has not been told of yet. */
import { quoted, quotedName } from "../../core";
import type { GridState, Knock, LayersWish } from "../../grid";
import { modelName } from "./models";
import { Newcomers } from "./newcomers";

/** Time between two tellings, ms: others choose when they ask, and could fill the screen with it. */
const PAUSE_MS = 10_000;

/** Tells of requests, at most every 10 s; those that come meanwhile are told together after that. */
export class RoomNews {
  readonly #tell: (sentence: string) => void;
  readonly #knocks = new Newcomers<Knock>(({ did }) => did);
  readonly #wishes = new Newcomers<LayersWish>(({ peer, model }) => `${peer} ${model}`);
  #state: GridState | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  /** `tell` gets a sentence about the requests that are new. */
  constructor(tell: (sentence: string) => void) {
    this.#tell = tell;
  }

  /** Call when the state has changed. */
  look(state: GridState): void {
    this.#state = state;
    if (this.#pause !== undefined) return;

    const sentences = this.#sentences(state);
    if (sentences.length === 0) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#state) this.look(this.#state);
    }, PAUSE_MS);
    for (const sentence of sentences) this.#tell(sentence);
  }

  close(): void {
    clearTimeout(this.#pause);
  }

  #sentences(state: GridState): readonly string[] {
    const { knocks: allKnocks, layersWanted } = state.room ?? {};
    const knocks = this.#knocks.news(allKnocks);
    const [wish] = this.#wishes.news(layersWanted);
    const sentences: string[] = [];
    if (knocks[0]) {
      const who = knocks.length === 1 ? `${quotedName(knocks[0].name)} asks` : `${knocks.length} people ask`;
      sentences.push(`${who} to come in`);
    }
    if (wish) {
      sentences.push(`${quotedName(wish.name)} would like to run ${quoted(modelName(state, wish.model))} together`);
    }
    return sentences;
  }
}
