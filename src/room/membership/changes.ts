/** Changes of a room's rules and members, as its founders sign them. */
import { type Bytes, type Did, MicrogridError, randomBytes, sha256 } from "../../core";
import { type Signed, type Signer, signStatement } from "../../identity";
import { MAX_EPOCH_LIST, STANDARD_PEOPLE } from "../constants";
import { CHARTER, type Charter, type SignedTerms } from "./charter";
import { EPOCH, type Epochs } from "./epochs";
import type { Genesis } from "./genesis";

/** The room as it is before a change. */
interface PresentRoom {
  readonly genesis: Genesis;
  readonly charter: Charter;
  readonly epochs: Epochs;
  /** The members that are known, founders excepted. */
  readonly known: readonly Did[];
}

/** The charter with these changes. */
export function nextCharter(
  { genesis, charter, epochs, known }: PresentRoom,
  changes: Partial<SignedTerms>,
  signers: readonly Signer[],
): Promise<Signed> {
  const { version, hash: previous, terms: old } = charter;
  const { provenFrom: _proven, countedFrom: _counted, ...terms } = { ...old, ...changes };
  // Proofs from before show less, so an epoch has to keep their members, and one founder has to be able to sign it at once.
  const canKeep = genesis.quorum === 1 && known.length <= MAX_EPOCH_LIST;
  const next = canKeep ? epochs.head.n + 1 : undefined;
  const provenFrom = old.invites === "founders" ? old.provenFrom : next;
  const proven = terms.invites === "founders" && provenFrom !== undefined && { provenFrom };
  const people = terms.limits.people ?? (old.limits.people && STANDARD_PEOPLE);
  const isNarrower = people !== undefined && people < (old.limits.people ?? Infinity);
  const countedFrom = isNarrower ? next : old.countedFrom;
  const counted = people !== undefined && {
    limits: { ...terms.limits, people },
    ...(countedFrom !== undefined && { countedFrom }),
  };
  const body = { v: 1 as const, room: genesis.hash, version: version + 1, previous, at: Date.now() };
  return signStatement(CHARTER, { ...body, ...terms, ...proven, ...counted }, ...signers);
}

/** Whether a charter has a rule that proofs show from the next epoch on only, which has to keep the present members. */
export function needsEpoch({ charter, epochs }: Pick<PresentRoom, "charter" | "epochs">): boolean {
  const { provenFrom, countedFrom } = charter.terms;
  return [provenFrom, countedFrom].includes(epochs.head.n + 1);
}

/** An epoch and its secret. Throws `bad-request` if it removes a founder, or if the room can have no more epochs. */
export async function nextEpoch(
  { genesis, epochs }: PresentRoom,
  { removed, kept }: { readonly removed: readonly Did[]; readonly kept: readonly Did[] },
  signers: readonly Signer[],
): Promise<{ readonly record: Signed; readonly secret: Bytes }> {
  if (removed.some((did) => genesis.founders.includes(did))) {
    throw new MicrogridError("bad-request", "An owner cannot be removed. Open a new room instead.");
  }
  const secret = randomBytes(32);
  const gone = new Set([...epochs.removed, ...removed]);
  const staying = [...new Set(kept)].filter((did) => !gone.has(did));
  const body = {
    v: 1 as const,
    room: genesis.hash,
    n: epochs.head.n + 1,
    previous: epochs.head.hash,
    removed: [...new Set(removed)],
    kept: staying.slice(0, MAX_EPOCH_LIST),
    secret: await sha256(secret),
    at: Date.now(),
  };
  const record = await signStatement(EPOCH, body, ...signers);
  // Refuses here already if the room can have no more epochs.
  epochs.with(record, secret);
  return { record, secret };
}
