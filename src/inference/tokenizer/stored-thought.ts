/** Tells a thought from the answer in whose text it stands. */

/** The delivered part of an answer. */
export interface DeliveredText {
  readonly reasoning: string;
  readonly text: string;
}

/** The marks before and after a thought. */
export type ThoughtTags = readonly [open: string, close: string];

/** The marks of all families that use tags. The first ones are in use where a model has none of its own. */
export const TAGS: readonly [ThoughtTags, ...ThoughtTags[]] = [
  ["<think>", "</think>"],
  ["[THINK]", "[/THINK]"],
  ["<seed:think>", "</seed:think>"],
  ["<|channel>thought", "<channel|>"],
];

/** The parts of an answer whose model is not known, to show them. */
export function storedThought(answer: string): DeliveredText {
  const parts = TAGS.map((tags) => apart(answer, tags));
  return parts.find(({ reasoning }) => reasoning !== "") ?? { reasoning: "", text: answer };
}

/** The thought with which a whole answer begins, and the rest of it. Some models write only the mark at the end of a thought. */
export function apart(answer: string, [open, close]: ThoughtTags): DeliveredText {
  const begin = answer.trimStart();
  if (!begin.startsWith(open)) return unopened(answer, [open, close]);
  const [reasoning = "", ...rest] = begin.slice(open.length).split(close);
  return { reasoning: reasoning.trim(), text: rest.join(close).trimStart() };
}

/** Without an opening mark, the end of a thought is a line of its own, outside of code: answers may speak of such marks. */
function unopened(answer: string, [open, close]: ThoughtTags): DeliveredText {
  const lines = answer.split("\n");
  const end = lines.findIndex((line) => line.trim() === close);
  const thought = lines.slice(0, Math.max(0, end));
  const isCode = thought.filter((line) => line.trimStart().startsWith("```")).length % 2 === 1;
  const isMarked = thought.some((line) => line.includes(open) || line.includes(close));
  if (end < 0 || isCode || isMarked) return { reasoning: "", text: answer };
  return {
    reasoning: thought.join("\n").trim(),
    text: lines
      .slice(end + 1)
      .join("\n")
      .trimStart(),
  };
}
