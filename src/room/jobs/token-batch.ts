/** Tokens of an answer that travel in one frame. */
import type { PieceEvent, TokenLogprob } from "../../inference";
import type { RoomFrameBody } from "../protocol";

/** Tokens that wait to travel together. */
export class TokenBatch {
  #type: PieceEvent["type"] = "token";
  #text = "";
  #ids: number[] = [];
  #logprobs: TokenLogprob[] = [];

  get empty(): boolean {
    return this.#ids.length === 0 && this.#text === "";
  }

  /** False for a thought after a piece of the answer and the other way round, which do not travel in one frame. */
  takes({ type }: PieceEvent): boolean {
    return this.empty || this.#type === type;
  }

  add(event: PieceEvent): void {
    this.#type = event.type;
    this.#text += event.text;
    this.#ids.push(...event.ids);
    if (event.logprobs) this.#logprobs.push(...event.logprobs);
  }

  take(): Omit<RoomFrameBody<"job.tokens">, "id" | "seq"> {
    const logprobs = this.#logprobs;
    const reasoning = this.#type === "reasoning" && { reasoning: true };
    const taken = { text: this.#text, ids: this.#ids, ...reasoning, ...(logprobs.length > 0 && { logprobs }) };
    this.#text = "";
    this.#ids = [];
    this.#logprobs = [];
    return taken;
  }
}
