/** Where an answer that somebody else began goes on. */
import type { ResumePoint } from "../types";
import type { ChatTokenizer } from "./tokenizer";

/** The delivered part of an answer in this model's own tokens. */
interface Resumption {
  /** Ids to condition on, after the prompt; their number is the position of the next token. */
  readonly ids: readonly number[];
  /** End of the text of `ids` that the reader does not have yet. */
  readonly undelivered: string;
}

/** Tokens that one character may be spread over: 4 bytes of UTF-8, each a token, and some to spare. */
const MAX_PARTIAL_TOKENS = 8;

/**
 * The ids that stand for exactly the delivered text. With the same tokenizer they are the received ids, up to the
 * token in which the delivered text ends: a token that was chosen stays chosen, and the rest of its text follows.
 * With another tokenizer, or if ids and text do not match, the text itself is encoded.
 */
export function resumption(
  resume: ResumePoint,
  tokenizer: Pick<ChatTokenizer, "hash" | "encode" | "decode">,
): Resumption {
  if (resume.tokenizerHash === tokenizer.hash) {
    const first = Math.max(0, Math.min(resume.idsInText, resume.ids.length));
    const last = Math.min(resume.ids.length, first + MAX_PARTIAL_TOKENS);
    for (let count = first; count <= last; count++) {
      const ids = resume.ids.slice(0, count);
      const text = tokenizer.decode(ids);
      if (text.startsWith(resume.text)) return { ids, undelivered: text.slice(resume.text.length) };
      // A text that has left the delivered one cannot come back to it; an unfinished character still may.
      if (!resume.text.startsWith(text.replace(/\ufffd+$/u, ""))) break;
    }
  }
  return { ids: tokenizer.encode(resume.text), undelivered: "" };
}
