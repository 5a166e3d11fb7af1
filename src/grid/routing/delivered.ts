/** What the reader has received of an answer: the point from which anybody else can go on. */
import type { GenerationEvent, ModelOffer, ResumePoint } from "../../inference";

/** Collects tokens, and gives the resume point for the next provider. */
export class Delivered {
  #resume: ResumePoint | undefined;
  /** Tokens received since the last `begin`. */
  #since = 0;

  constructor(resume: ResumePoint | undefined) {
    this.#resume = resume;
  }

  /** Undefined while nothing was received. */
  get resume(): ResumePoint | undefined {
    return this.#resume;
  }

  get text(): string {
    return this.#resume?.text ?? "";
  }

  /** Tokens received from the provider that answers now. */
  get tokensSince(): number {
    return this.#since;
  }

  /** Another provider takes over. */
  begin(): void {
    this.#since = 0;
  }

  /** Adds what a provider has just delivered. */
  add(event: Extract<GenerationEvent, { type: "token" }>, offer: ModelOffer): void {
    this.#since += Math.max(event.ids.length, 1);
    const before = this.#resume;
    // Ids are only of use while all of them come from one tokenizer and cover all of the text.
    const whole = event.ids.length > 0 || event.text === "";
    const fits = !before || before.tokenizerHash === offer.tokenizerHash;
    const ids = whole && fits ? [...(before?.ids ?? []), ...event.ids] : [];
    this.#resume = {
      packageHash: before?.packageHash ?? offer.packageHash,
      tokenizerHash: whole && fits ? offer.tokenizerHash : "",
      engine: before?.engine ?? offer.engine,
      backend: before?.backend ?? offer.backend,
      ids,
      idsInText: ids.length,
      text: (before?.text ?? "") + event.text,
    };
  }
}
