/** Finds requests of people in the room that the user has not been told of yet. */
import { quoted, quotedName } from "../../core";
import type { GridState, Knock, LayersWish } from "../../grid";
import { modelName } from "./models";
import { Newcomers } from "./newcomers";

/** Remembers the requests that were told. */
export class RoomNews {
  readonly #knocks = new Newcomers<Knock>(({ did }) => did);
  readonly #wishes = new Newcomers<LayersWish>(({ peer, model }) => `${peer} ${model}`);

  /** Sentences about the requests that are new since the last call. */
  look(state: GridState): readonly string[] {
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
