/** Questions for pipelines: golden questions with known answers of the guide, some of them asked twice. */
import golden from "../e2e/fixtures/golden.json" with { type: "json" };
import type { ChatMessage } from "../src/inference";

const ask = (content: string): ChatMessage => ({ role: "user", content });

/** A question, the guide's answer to it, and the question again. */
function twice(question: string): readonly ChatMessage[] {
  const item = golden.items.find(({ messages }) => messages.length === 1 && messages[0]?.content === question);
  if (!item) throw new Error(`“${question}” is no golden question.`);
  return [ask(question), { role: "assistant", content: item.completion }, ask(question)];
}

/** The guide's longest answer: 123 tokens that hardly repeat anything. */
export const STORY = [ask("Tell me a story about a robot")];
/** The guide repeats its answer: 48 tokens that are all in the prompt. */
export const REPEATED = twice("What can you do?");
/** The guide begins with the same text and then departs from it: of 82 tokens, the first 35 are in the prompt. */
export const HALF_REPEATED = twice("Tell me a story about a robot");
/** The shortest answer, to warm up before anything is measured. */
export const SHORT = [ask("Thanks 😀")];
