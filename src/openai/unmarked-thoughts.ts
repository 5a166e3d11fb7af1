/** Thoughts of models that mark only where a thought ends: they come as the answer's text until then. */
import { storedThought } from "../inference/parts";
import type { ChoicePart } from "./answer-parts";

type TextPart = Extract<ChoicePart, { type: "text" }>;

/**
 * The parts of answers that are read when they are whole: a thought whose beginning is not marked comes apart from the answer,
 * too. A stream cannot do that, since nothing that was sent can be taken back. Its tokens are not counted as thought.
 */
export async function* withUnmarkedThoughts(parts: AsyncIterable<ChoicePart>): AsyncGenerator<ChoicePart, void> {
  /** Text of each answer that may still turn out to be a thought; undefined if it no longer can. */
  const held: (TextPart[] | undefined)[] = [];
  for await (const part of parts) {
    const { type, choice } = part;
    if (type === "begin") held[choice] = [];
    const texts = held[choice];
    if (type === "text" && texts) {
      texts.push(part);
      continue;
    }
    if (texts && type !== "begin") {
      held[choice] = undefined;
      if (type === "reasoning") yield* texts;
      else yield* apart(texts);
    }
    yield part;
  }
}

function apart(texts: readonly TextPart[]): readonly ChoicePart[] {
  const [first] = texts;
  const { reasoning, text } = storedThought(texts.map((part) => part.text).join(""));
  if (!first || reasoning === "") return texts;
  const logprobs = texts.flatMap((part) => part.logprobs ?? []);
  // Probabilities are told of the answer alone, which the last tokens are.
  let from = logprobs.length;
  for (let length = 0; from > 0 && length < text.length; from--) length += logprobs[from - 1]!.text.length;
  const told = logprobs.slice(from);
  return [
    { type: "reasoning", text: reasoning, choice: first.choice },
    ...(text === "" ? [] : [{ ...first, text, ...(told.length > 0 && { logprobs: told }) }]),
  ];
}
