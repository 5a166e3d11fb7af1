/** Pieces of an answer that travel together as one. */
import type { GenerationEvent } from "./types";

/** The event that says what two neighbours say; undefined if only two can. */
export function joinedEvents(before: GenerationEvent, after: GenerationEvent): GenerationEvent | undefined {
  if (before.type !== "token" && before.type !== "reasoning") return undefined;
  // A text without ids counts as one token, wherever tokens are counted.
  if (before.type !== after.type || before.ids.length === 0 || after.ids.length === 0) return undefined;
  const logprobs = [...(before.logprobs ?? []), ...(after.logprobs ?? [])];
  return {
    type: before.type,
    text: before.text + after.text,
    ids: [...before.ids, ...after.ids],
    ...(logprobs.length > 0 && { logprobs }),
  };
}
