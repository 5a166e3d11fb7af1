/**
 * Two members of one room in different epochs, or on two forks: the one that is ahead hands its epochs over, if the other
 * is still a member there. A link for this knows no other frames; behind it both begin a new handshake.
 */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { bytesSchema } from "../../identity";
import { type AuthenticatedLine, type FrameTable, Link, type RawLink } from "../../wire";
import { MAX_EPOCHS } from "../constants";
import { FrameReader } from "../links/frame-reader";
import { EpochsSchema, type Membership, ProofSchema, outranks } from ".";

const once = { burst: 1, perSecond: 0 };

export const EPOCH_FRAMES = {
  /** Both sides: why the sender belongs to the room, and where its chain of epochs ends. */
  "epoch.standing": {
    schema: v.strictObject({
      proof: ProofSchema,
      n: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EPOCHS)),
      hash: bytesSchema(32),
    }),
    maxBytes: 16 * 1024,
    rate: once,
  },
  /** From who is ahead. It is quiet from here on. */
  "epoch.news": { schema: EpochsSchema, maxBytes: 256 * 1024, rate: once },
  /** Taken: both begin a new handshake on this line. */
  "epoch.adopted": { schema: v.strictObject({}), maxBytes: 16, rate: once },
} satisfies FrameTable;

/**
 * Brings both sides to one epoch. Gives the line, on which the next handshake must begin at once. Throws `peer-refused`
 * where one side is a member no more, and has then closed the line.
 */
export async function reconcile(line: AuthenticatedLine, membership: Membership): Promise<RawLink> {
  const link = new Link(line, EPOCH_FRAMES);
  const reader = new FrameReader(link);
  const own = membership.epochs.head;
  try {
    link.post("epoch.standing", { proof: membership.proof, n: own.n, hash: own.hash });
    const { body: theirs } = await reader.take(["epoch.standing"]);
    if (outranks(own, theirs)) {
      // A removed device is told nothing, not even that it was removed.
      await membership.examine(link.did, theirs.proof);
      link.post("epoch.news", membership.epochs.data);
      link.quiet();
      await reader.take(["epoch.adopted"]);
    } else if (outranks(theirs, own)) {
      const { body } = await reader.take(["epoch.news"]);
      await membership.takeEpochs(body);
      link.post("epoch.adopted", {});
    } else throw new MicrogridError("peer-lost", "A device is in the same epoch after all.");
    return link.release();
  } catch (error) {
    link.close(
      error instanceof MicrogridError && error.code === "peer-refused" ? error.message : "the epochs do not meet",
    );
    throw error;
  }
}
