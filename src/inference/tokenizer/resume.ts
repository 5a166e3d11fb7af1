/** Where an answer that somebody else began goes on. */
import type { ResumePoint } from "../types";
import type { ChatTokenizer } from "./tokenizer";

/** Tokens that one character may be spread over: 4 bytes of UTF-8, each a token, and some to spare. */
const MAX_PARTIAL_TOKENS = 8;

/**
 * The ids that stand for the delivered text, to condition on after the prompt; their number is the position of the next token. With the same tokenizer they are the received ids, up to the
 * token in which the delivered text ends: a token that was chosen stays chosen, and the rest of its text follows.
 * With another tokenizer, or if ids and text do not match, the text itself is encoded.
 */
export function resumption(
  resume: ResumePoint,
  tokenizer: Pick<ChatTokenizer, "hash" | "encode" | "decode">,
): readonly number[] {
  if (resume.tokenizerHash === tokenizer.hash) {
    const first = Math.max(0, Math.min(resume.idsInText, resume.ids.length));
    const last = Math.min(resume.ids.length, first + MAX_PARTIAL_TOKENS);
    for (let count = first; count <= last; count++) {
      const ids = resume.ids.slice(0, count);
      const text = tokenizer.decode(ids);
      if (text.startsWith(resume.text)) return ids;
      // A text that has left the delivered one cannot come back to it; an unfinished character still may.
      if (!resume.text.startsWith(text.replace(/\ufffd+$/u, ""))) break;
    }
  }
  return tokenizer.encode(resume.text);
}
