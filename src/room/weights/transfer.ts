/** Transfers weights between the members of a room: asks members for parts of files, and serves their requests. */
import { type Did, MicrogridError, cborField } from "../../core";
import type { RawFrame, Interest } from "../../wire";
import { type BULK_FRAMES, type BulkFile, type BulkModel, MAX_GET_BYTES } from "../frames/bulk";
import { BulkGiver } from "./giver";
import { BULK_SILENCE_MS, BulkTaker } from "./taker";
import { type FrameHandlers, dispatch } from "../frames/handlers";
import type { Member } from "../links/member";

/** The weights that one member provides. */
export interface BulkSource {
  /**
   * Reads exactly these bytes of an external data file of the model, named as in its graph. Makes a link if there is
   * none. Rejects with the signal's reason, or throws `file-missing` if the member does not have the whole file or does
   * not give it, `network` if it falls silent or cannot read the file, and `peer-lost` if it is gone.
   */
  read(location: string, offset: number, length: number, options: { readonly signal: AbortSignal }): Promise<Blob>;
}

type LinkTo = (did: Did, options: { signal: AbortSignal }) => Promise<unknown>;

/** The transfers in both directions, over all links. */
export class WeightTransfer {
  /**
   * Opens a file for a member: a blob that is read lazily, or undefined if the file is not stored whole here or the
   * member may not have it. Each member has few open requests, served in turn and at a pace that spares answers
   * (`PaceWindow`).
   */
  open: (file: BulkFile, from: Did, options: { readonly signal: AbortSignal }) => Promise<Blob | undefined> = () =>
    Promise.resolve(undefined);
  readonly #members: ReadonlyMap<Did, Member>;
  readonly #linkTo: LinkTo;
  readonly #silenceMs: number;
  readonly #ends = new Map<Member, { readonly giver: BulkGiver; readonly taker: BulkTaker }>();

  /** `linkTo` makes a link if there is none; `silenceMs` is shortened by tests. */
  constructor(members: ReadonlyMap<Did, Member>, linkTo: LinkTo, options: { readonly silenceMs?: number } = {}) {
    this.#members = members;
    this.#linkTo = linkTo;
    this.#silenceMs = options.silenceMs ?? BULK_SILENCE_MS;
  }

  /**
   * A model's weights from this one member. They come without hashes, so the caller has to trust the member. A stage
   * asks only the consumer of its pipeline, which would spoil only its own answers by lying. So never keep these weights
   * for anything but that pipeline.
   */
  source(from: Did, model: BulkModel): BulkSource {
    return {
      read: async (location, offset, length, { signal }) => {
        signal.throwIfAborted();
        if (!Number.isSafeInteger(offset + length) || offset < 0 || length < 0) throw notInFile(location);
        if (!this.#members.has(from)) await this.#linkTo(from, { signal });
        const member = this.#members.get(from);
        const ends = member && this.#ends.get(member);
        if (!ends) throw new MicrogridError("peer-lost", "The device that gives the model's layers is gone.");
        const release = member.link.markBusy();
        try {
          const parts: Blob[] = [];
          for (let at = 0; at < length; at += MAX_GET_BYTES) {
            const range = { ...model, location, offset: offset + at, length: Math.min(MAX_GET_BYTES, length - at) };
            parts.push(await ends.taker.take(range, signal));
          }
          return new Blob(parts);
        } finally {
          release();
        }
      },
    };
  }

  /** A member was linked: its frames come here. */
  attach(member: Member): void {
    const { did, bulk, link } = member;
    const accuse = (what: string): void => link.accuse(what);
    const markBusy = (): (() => void) => link.markBusy();
    const giver = new BulkGiver(bulk, { accuse, markBusy, open: (file, options) => this.open(file, did, options) });
    const taker = new BulkTaker(bulk, { accuse, silenceMs: this.#silenceMs });
    this.#ends.set(member, { giver, taker });
    const handlers: FrameHandlers<typeof BULK_FRAMES, Member> = {
      "bulk.get": (body) => giver.get(body),
      "bulk.got": (body) => giver.got(body),
      "bulk.cancel": (body) => giver.cancel(body),
      "bulk.piece": (body) => taker.piece(body),
      "bulk.ended": (body) => taker.end(body),
    };
    const wants = ({ kind, body }: RawFrame): Interest => {
      if (kind === "bulk.get") return giver.hasGiven ? "asked" : true;
      if (kind !== "bulk.got" && kind !== "bulk.cancel") return true;
      return giver.isGiving(cborField(body, ["get"])) && "asked";
    };
    bulk.listen((frame) => dispatch<typeof BULK_FRAMES, Member>(handlers, frame, member), wants);
  }

  /** A member's link has ended. */
  detach(member: Member, reason: string): void {
    const ends = this.#ends.get(member);
    this.#ends.delete(member);
    ends?.giver.close();
    ends?.taker.close(reason);
  }
}

function notInFile(location: string): MicrogridError {
  return new MicrogridError("bad-request", `There are no such bytes in the model's file ${location}.`);
}
