/** The longest golden answer of the guide: there is time to interrupt it. */
import golden from "../fixtures/golden.json" with { type: "json" };

/** The question with its whole conversation, and the answer as text and ids, the end included. */
export const STORY = golden.items.reduce((a, b) => (b.completion_ids.length > a.completion_ids.length ? b : a));
/** What was asked last. */
export const QUESTION = STORY.messages.at(-1)!.content;
