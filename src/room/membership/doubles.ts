/** Evidence that a member gave one place to two nodes. Its two signatures are all that it takes, so any member can pass it on. */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, putNewest } from "../../core";
import { SignedSchema } from "../../identity";
import { MAX_DOUBLES } from "../constants";
import { overlap, readAdmission } from "./admission";
import { ProofSchema, type RoomRules, type TakenPlace, examine } from "./proof";

/** Two admissions by one member in one place, and its proof that it is a member: nobody else's evidence is worth a look. */
export const DoubleSchema = v.strictObject({ one: SignedSchema, other: SignedSchema, proof: ProofSchema });
export type DoubleFrame = v.InferOutput<typeof DoubleSchema>;

/** The evidence in two admissions by one member; undefined if they do not convict it. */
export function evidenceOf(one: TakenPlace, other: TakenPlace): DoubleFrame | undefined {
  return overlap(one.place, other.place) ? { one: one.signed, other: other.signed, proof: one.above } : undefined;
}

/** The members of a room that gave a place away twice. */
export class Doubles {
  readonly #known = new Map<Did, DoubleFrame>();

  has(did: Did): boolean {
    return this.#known.has(did);
  }

  of(did: Did): DoubleFrame | undefined {
    return this.#known.get(did);
  }

  get all(): readonly DoubleFrame[] {
    return [...this.#known.values()];
  }

  /**
   * Takes evidence; returns whom it newly convicts. It counts only against a member that is no founder. Throws `peer-protocol` if it
   * is no evidence.
   */
  async take(frame: DoubleFrame, rules: RoomRules): Promise<Did | undefined> {
    const { by, verify } = await readDouble(frame, rules.genesis.hash);
    if (this.has(by)) return undefined;
    const standing = await examine(by, frame.proof, rules).catch(() => undefined);
    if (!standing || standing.founder) return undefined;
    await verify();
    if (this.has(by)) return undefined;
    putNewest(this.#known, by, frame, MAX_DOUBLES);
    return by;
  }
}

async function readDouble({ one, other }: DoubleFrame, room: Bytes): Promise<{ by: Did; verify(): Promise<void> }> {
  const [a, b] = [await readAdmission(one, room), await readAdmission(other, room)];
  const [first, second] = [a?.body, b?.body];
  const isOne = first && second && first.by === second.by && first.did !== second.did && !first.via && !second.via;
  if (!a || !b || !isOne || !first.place || !second.place || !overlap(first.place, second.place)) {
    throw new MicrogridError("peer-protocol", "A peer passed on admissions that do not contradict each other.");
  }
  return {
    by: first.by,
    verify: async () => {
      await a.verify();
      await b.verify();
    },
  };
}
