/** The revocations that this browser keeps. */
import type { Did } from "../../core";
import { type Keep, Revocations, type Signed } from "../../identity";
import { recallRevocations, rememberRevocations } from "./record";

/** How long a revocation may wait to be stored: many may come at once. */
const SAVE_MS = 1_000;

interface KeptOptions {
  readonly keep: Keep;
  matters(issuer: Did): boolean;
  onNews(signed: Signed): void;
}

/** Reads revocations at the start, and stores new ones together. */
export class KeptRevocations {
  readonly all: Revocations;
  readonly #keep: Keep;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those that are in storage. */
  #stored: ReadonlySet<Signed> = new Set();
  #isRestored = false;

  constructor({ keep, matters, onNews }: KeptOptions) {
    this.#keep = keep;
    this.all = new Revocations({
      matters,
      onNews: (signed) => {
        if (!this.#isRestored) return;
        this.#timer ??= setTimeout(() => void this.save(), SAVE_MS);
        onNews(signed);
      },
    });
  }

  /** Stored revocations are verified again, because storage cannot be trusted. */
  async restore(): Promise<void> {
    await this.all.restore(await recallRevocations(this.#keep));
    this.#stored = new Set(this.all.all);
    this.#isRestored = true;
  }

  /** Stores them now, if they have changed. If the browser refuses, they are known until the page closes. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = [...this.all.all];
    if (all.length === this.#stored.size && all.every((each) => this.#stored.has(each))) return;
    this.#stored = new Set(all);
    await rememberRevocations(this.#keep, all).catch(() => undefined);
  }
}
