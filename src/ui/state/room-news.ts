/** Finds requests of people in the room that the user has not been told of yet. */
import type { GridState, Knock, LayersWish } from "../../grid";
import { plain } from "../plain";
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
      const who = knocks.length === 1 ? `${nameOf(knocks[0])} asks` : `${knocks.length} people ask`;
      sentences.push(`${who} to come in`);
    }
    if (wish) {
      sentences.push(`${nameOf(wish)} would like to run “${plain(modelName(state, wish.model))}” together`);
    }
    return sentences;
  }
}

function nameOf({ name }: { readonly name: string }): string {
  return plain(name) || "Somebody";
}
