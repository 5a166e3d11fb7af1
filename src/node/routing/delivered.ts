/** Tracks the part of an answer that the reader has received, so that another provider can continue from there. */
import type { ModelOffer, ResumePoint, PieceEvent } from "../../inference";

/** Collects tokens, and makes the resume point for the next provider. */
export class Delivered {
  readonly #ids: number[];
  #text: string;
  #reasoning: string;
  /** The package, engine and backend that the answer began with, which decide whether a continuation is exact. */
  #origin: Pick<ResumePoint, "packageHash" | "engine" | "backend"> | undefined;
  /** The tokenizer of all ids; undefined once the ids no longer cover all of the text. */
  #tokenizerHash: string;
  #before = 0;
  #since = 0;

  constructor(resume: ResumePoint | undefined) {
    this.#ids = [...(resume?.ids ?? [])];
    this.#text = resume?.text ?? "";
    this.#reasoning = resume?.reasoning ?? "";
    this.#origin = resume;
    this.#tokenizerHash = resume?.tokenizerHash ?? "";
    // Ids beyond the text were never delivered.
    if (resume) this.#ids.length = Math.min(this.#ids.length, resume.idsInText);
  }

  /** Undefined while nothing was received. */
  get resume(): ResumePoint | undefined {
    if (!this.#origin) return undefined;
    const { packageHash, engine, backend } = this.#origin;
    const ids = this.#tokenizerHash === "" ? [] : [...this.#ids];
    const tokenizerHash = this.#tokenizerHash;
    return {
      packageHash,
      tokenizerHash,
      engine,
      backend,
      ids,
      idsInText: ids.length,
      text: this.#text,
      ...(this.#reasoning !== "" && { reasoning: this.#reasoning }),
    };
  }

  /** Number of tokens received from the present provider. */
  get tokensSince(): number {
    return this.#since;
  }

  /** Number of tokens received from the providers before it. */
  get tokensBefore(): number {
    return this.#before;
  }

  /** Forgets the ids, so that the answer goes on from its text. False if there were none. */
  dropIds(): boolean {
    const had = this.#ids.length > 0 && this.#tokenizerHash !== "";
    this.#tokenizerHash = "";
    return had;
  }

  /** Another provider takes over. */
  begin(): void {
    this.#before += this.#since;
    this.#since = 0;
  }

  /** Adds what a provider has just delivered. */
  add(event: PieceEvent, offer: ModelOffer): void {
    this.#since += Math.max(event.ids.length, 1);
    if (!this.#origin) {
      this.#origin = offer;
      this.#tokenizerHash = offer.tokenizerHash;
    }
    // Ids are useful only while all of them come from one tokenizer and cover all of the text.
    const whole = event.ids.length > 0 || event.text === "";
    if (!whole || this.#tokenizerHash !== offer.tokenizerHash) this.#tokenizerHash = "";
    this.#ids.push(...event.ids);
    if (event.type === "reasoning") this.#reasoning += event.text;
    else this.#text += event.text;
  }
}
