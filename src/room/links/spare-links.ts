/** Second links of members, from both sides dialling at once: each ends when neither side has used it for a while. */
import type { Did } from "../../core";
import { RUN_OUT_MS } from "../constants";
import type { Member } from "./member";
import { ANOTHER_LINK } from "./reasons";

interface SpareOptions {
  /** `RUN_OUT_MS`, shortened by tests. */
  readonly runOutMs: number | undefined;
  /** A link has ended. */
  left(member: Member, reason: string): void;
}

/** One link for each member at most. Nothing new is begun over it. */
export class SpareLinks {
  readonly #options: SpareOptions;
  readonly #links = new Map<Did, Member>();

  constructor(options: SpareOptions) {
    this.#options = options;
  }

  /** Lets a link run out. False where there is another one of the same member. */
  add(spare: Member): boolean {
    const { did, link } = spare;
    if (this.#links.has(did)) return false;
    this.#links.set(did, spare);
    void link.closed.then((reason) => this.#remove(spare, reason));
    void this.#closeWhenIdle(spare);
    return true;
  }

  /** Ends a member's spare link, if it has one. */
  end(did: Did, reason: string): void {
    const spare = this.#links.get(did);
    if (!spare) return;
    spare.link.close(reason);
    this.#remove(spare, reason);
  }

  close(reason: string): void {
    for (const { link } of this.#links.values()) link.close(reason);
  }

  async #closeWhenIdle({ link }: Member): Promise<void> {
    const idleMs = (this.#options.runOutMs ?? RUN_OUT_MS) / 2;
    // Twice, since what has just ended may still be on its way.
    for (let idle = 0; idle < 2 && link.open; idle = link.busy ? 0 : idle + 1) {
      await new Promise((resolve) => setTimeout(resolve, idleMs));
    }
    link.close(ANOTHER_LINK);
  }

  #remove(spare: Member, reason: string): void {
    if (this.#links.get(spare.did) !== spare) return;
    this.#links.delete(spare.did);
    this.#options.left(spare, reason);
  }
}
