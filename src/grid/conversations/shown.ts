/** The parts of a stored message that people see. */
import { storedThought } from "../../inference/parts";
import type { StoredMessage } from "./schema";

/**
 * The text of a message and the thought before it, which is folded. Earlier versions stored thoughts in the text, and some
 * models do not mark where a thought begins, so it is told from the answer when its end comes.
 */
export function shownParts({ role, content, reasoning = "" }: Pick<StoredMessage, "role" | "content" | "reasoning">): {
  readonly content: string;
  readonly reasoning: string;
} {
  if (role !== "assistant" || reasoning !== "") return { content, reasoning };
  const { text, reasoning: thought } = storedThought(content);
  return { content: text, reasoning: thought };
}
