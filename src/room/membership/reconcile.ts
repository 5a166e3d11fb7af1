/**
 * Brings two members in different epochs, or on two forks, together: the one that is ahead hands over its epochs if the
 * other is still a member there. The link for this has no other frames; afterwards both begin a new handshake.
 */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { bytesSchema } from "../../identity";
import { type AuthenticatedLine, type FrameTable, Link, type RawLink } from "../../wire";
import { MAX_EPOCHS } from "../constants";
import { FrameReader } from "../frames/frame-reader";
import { EpochsSchema, type Membership, ProofSchema, RemovalSchema, outranks } from ".";

const once = { burst: 1, perSecond: 0 };

export const EPOCH_FRAMES = {
  /** Sent by both sides: the proof that the sender belongs to the room, and the end of its chain of epochs. */
  "epoch.standing": {
    schema: v.strictObject({
      proof: ProofSchema,
      n: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EPOCHS)),
      hash: bytesSchema(32),
    }),
    maxBytes: 16 * 1024,
    rate: once,
  },
  /** Sent by the side that is ahead, which sends nothing more after it. */
  "epoch.news": { schema: EpochsSchema, maxBytes: 256 * 1024, rate: once },
  /** Sent in its place to somebody who is not a member by these epochs any more: the proof of that. */
  "epoch.removal": { schema: RemovalSchema, maxBytes: 256 * 1024, rate: once },
  /** The epochs were taken: both sides begin a new handshake on this line. */
  "epoch.adopted": { schema: v.strictObject({}), maxBytes: 16, rate: once },
} satisfies FrameTable;

/**
 * Brings both sides to one epoch. Returns the line, on which the next handshake must begin at once. Throws `peer-refused`
 * and closes the line if one side is no longer a member.
 */
export async function reconcile(line: AuthenticatedLine, membership: Membership): Promise<RawLink> {
  const link = new Link(line, EPOCH_FRAMES);
  const reader = new FrameReader(link);
  const own = membership.epochs.head;
  try {
    link.post("epoch.standing", { proof: membership.proof, n: own.n, hash: own.hash });
    const { body: theirs } = await reader.take(["epoch.standing"]);
    if (outranks(own, theirs)) {
      const { records } = membership.epochs.data;
      await membership.examine(link.did, theirs.proof).catch(async (error: unknown) => {
        // A removed device learns that it was removed, and by whose signatures, but no secret.
        await link.send("epoch.removal", { records });
        throw error;
      });
      link.post("epoch.news", membership.epochs.data);
      link.quiet();
      await reader.take(["epoch.adopted"]);
    } else if (outranks(theirs, own)) {
      const news = await reader.take(["epoch.news", "epoch.removal"]);
      if (news.kind === "epoch.removal") {
        await membership.takeRemoval(news.body);
        throw new MicrogridError("peer-lost", "A device does not take this one for a member.");
      }
      await membership.takeEpochs(news.body);
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
