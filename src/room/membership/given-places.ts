/** The places that this node has given away, kept where its key is kept: whoever has the key has these, too. */
import * as v from "valibot";
import type { Did, RoomId } from "../../core";
import { DidSchema, type Keep } from "../../identity";
import { GUEST_SHARE } from "../constants";
import { type PlaceRange, PlaceSchema } from "./admission";

const GivenSchema = v.optional(v.array(v.strictObject({ did: DidSchema, place: PlaceSchema })), []);

/** A place and the node that has it. */
export interface GivenPlace {
  readonly did: Did;
  readonly place: PlaceRange;
}

/**
 * Gives places away. A place is written down before anybody hears of it, by one tab at a time, so no two nodes ever get the same one.
 * A node that comes again gets its earlier place; a node that is removed frees none.
 */
export class GivenPlaces {
  readonly #keep: Pick<Keep, "get" | "change">;

  constructor(keep: Pick<Keep, "get" | "change">) {
    this.#keep = keep;
  }

  /** How many of `places` are left in a room. `seen`: places of this node that others have shown. */
  async left(room: RoomId, places: number, seen: readonly GivenPlace[]): Promise<number> {
    return Math.max(0, places - nextOf([...(await this.#given(room)), ...seen]));
  }

  async has(room: RoomId, did: Did): Promise<boolean> {
    return (await this.#given(room)).some((given) => given.did === did);
  }

  /** Gives a place to a node; undefined if none of `places` is left. Throws if it cannot be written down. */
  async give(room: RoomId, did: Did, places: number, seen: readonly GivenPlace[]): Promise<PlaceRange | undefined> {
    let place: PlaceRange | undefined;
    await this.#keep.change(nameOf(room), (stored) => {
      const given = v.parse(GivenSchema, stored);
      const old = [...given, ...seen].find((each) => each.did === did)?.place;
      const n = old?.n ?? nextOf([...given, ...seen]);
      place = undefined;
      if (n >= places) return given;
      const rest = places - n - 1;
      place = { n, share: Math.min(old?.share ?? Math.floor(rest * GUEST_SHARE), rest) };
      return given.some((each) => each.did === did) ? given : [...given, { did, place }];
    });
    return place;
  }

  async #given(room: RoomId): Promise<readonly GivenPlace[]> {
    return v.parse(GivenSchema, await this.#keep.get(nameOf(room)));
  }
}

function nextOf(given: readonly GivenPlace[]): number {
  return Math.max(0, ...given.map(({ place: { n, share } }) => n + share + 1));
}

function nameOf(room: RoomId): string {
  return `places ${room}`;
}
