/** The longest golden answer of the guide, which leaves time to interrupt it. */
import golden from "../fixtures/golden.json" with { type: "json" };

/** The question with its whole conversation, and the answer as text and ids, including the end token. */
export const STORY = golden.items.reduce((a, b) => (b.completion_ids.length > a.completion_ids.length ? b : a));
/** The last question. */
export const QUESTION = STORY.messages.at(-1)!.content;
