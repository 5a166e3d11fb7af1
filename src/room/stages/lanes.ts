/** The frames of pipelines, to and from all members: one place to send them and to register handlers for them. */
import { type Did, MicrogridError, TypedEventTarget } from "../../core";
import type { Member } from "../links/member";
import type { STAGE_FRAMES, StageFrameBody } from "../frames/stage";
import { type PipelineFilter, type StageHandlers, StageRegistry } from "./registry";

interface StageLanesEvents {
  /** A member is no longer linked. The reason is for people. */
  gone: { readonly did: Did; readonly reason: string };
}

/** Frames of pipelines, to and from all members that are linked. */
export class StageLanes extends TypedEventTarget<StageLanesEvents> {
  readonly #registry = new StageRegistry();
  readonly #members: ReadonlyMap<Did, Member>;
  readonly #linkTo: (did: Did, options: { signal: AbortSignal }) => Promise<unknown>;
  /** The holds on the link to each member; `free` releases the link that is in use now. */
  readonly #holds = new Map<Did, Set<{ free: () => void }>>();

  /** `linkTo` makes a link if there is none. */
  constructor(
    members: ReadonlyMap<Did, Member>,
    linkTo: (did: Did, options: { signal: AbortSignal }) => Promise<unknown>,
  ) {
    super();
    this.#members = members;
    this.#linkTo = linkTo;
  }

  /**
   * Registers handlers for some types of frames, from all members; with `pipeline`, only for the frames of that pipeline, or for
   * those that it accepts. Frames that nobody takes are not even decoded. Returns a function that removes them.
   */
  handle(handlers: StageHandlers, options?: { readonly pipeline: PipelineFilter }): () => void {
    return this.#registry.add(handlers, options);
  }

  /** The branch with which a linked member shares what is scarce (`Standing.branch`). */
  branchOf(did: Did): Did {
    return this.#members.get(did)?.standing.branch ?? did;
  }

  /** Sends a frame; resolves when the next one may be sent. Throws `peer-lost` where there is no link. */
  async send<K extends keyof typeof STAGE_FRAMES>(to: Did, kind: K, body: StageFrameBody<K>): Promise<void> {
    const member = this.#members.get(to);
    if (!member) throw new MicrogridError("peer-lost", "A device of the pipeline is gone.");
    return member.stage.send(kind, body);
  }

  /** Sends a frame whose loss the end of the link tells of anyway. */
  post<K extends keyof typeof STAGE_FRAMES>(to: Did, kind: K, body: StageFrameBody<K>): void {
    this.send(to, kind, body).catch(() => undefined);
  }

  /**
   * Makes sure of a link, and that its death is noticed within 5 s until the result is called; so is that of a link that
   * takes its place.
   */
  async hold(did: Did, options: { signal: AbortSignal }): Promise<() => void> {
    if (!this.#members.has(did)) await this.#linkTo(did, options);
    const member = this.#members.get(did);
    if (!member) throw new MicrogridError("peer-lost", "A device of the pipeline is gone.");
    const hold = { free: member.link.markBusy() };
    const holds = this.#holds.get(did) ?? new Set();
    this.#holds.set(did, holds.add(hold));
    return () => {
      hold.free();
      holds.delete(hold);
      if (holds.size === 0 && this.#holds.get(did) === holds) this.#holds.delete(did);
    };
  }

  /** A member was linked: its frames come here. */
  attach(member: Member): void {
    const { did, stage, link } = member;
    stage.listen(
      (frame) => this.#registry.dispatch(frame, did),
      (frame) => this.#registry.wants(frame, did),
    );
    // A spare link is used by nobody here.
    if (this.#members.get(did) !== member) return;
    for (const hold of this.#holds.get(did) ?? []) {
      hold.free();
      hold.free = link.markBusy();
    }
  }

  /** A member's link has ended. */
  detach(member: Member, reason: string): void {
    if (this.#members.get(member.did)?.link.open) return; // another one has taken its place
    this.emit("gone", { did: member.did, reason });
  }
}
