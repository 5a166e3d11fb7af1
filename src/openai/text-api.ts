/** The interface that OpenAI's text APIs share here: a request is read, and parts of answers are written in its shapes. */
import { randomId } from "../core";
import type { AnswerRequest } from "../node";
import type { ChoicePart } from "./answer-parts";
import type { FieldNames } from "./refusals";

/** A request that has been read. */
export interface TextRequest {
  /** How its API calls the parts of a request. */
  readonly names: FieldNames;
  /** One request for each answer that was asked for. */
  readonly answers: readonly AnswerRequest[];
  readonly stream: boolean;
}

/** One of OpenAI's text APIs. */
export interface TextApi<Request extends TextRequest, Chunk, Whole> {
  /** Reads the body of a request. Throws `bad-request`, which names the field. */
  read(body: unknown): Request;
  /** Writes the parts of the answers as the chunks of a stream. */
  chunks(parts: AsyncIterable<ChoicePart>, request: Request): AsyncIterable<Chunk>;
  /** Writes whole answers. */
  whole(parts: AsyncIterable<ChoicePart>, request: Request): Promise<Whole>;
}

/** The id of a reply, with OpenAI's prefix for its kind. */
export function replyId(prefix: string): string {
  return `${prefix}${randomId(16)}`;
}

/** The present time as OpenAI writes it, in seconds. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
