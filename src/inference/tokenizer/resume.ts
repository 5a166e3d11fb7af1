/** Where an answer that somebody else began goes on. */
import type { ResumePoint } from "../types";
import type { ChatTokenizer } from "./tokenizer";

/** Tokens that one character may be spread over: 4 bytes of UTF-8, each a token, and some to spare. */
const MAX_PARTIAL_TOKENS = 8;

/**
 * The ids that stand for the delivered text and thought, to condition on after a prompt that ends with `prompt`; their number
 * is the position of the next token. With the same tokenizer they are the received ids, up to the token in which the delivered
 * text ends: a token that was chosen stays chosen, and the rest of its text follows.
 * With another tokenizer, or if ids and text do not match, the text itself is encoded in this model's format.
 * If the answer may call tools (`calls`), the marks of calls are part of its text.
 */
export function resumption(
  resume: ResumePoint,
  tokenizer: Pick<ChatTokenizer, "hash" | "encodePrompt" | "asText" | "decode" | "thoughts">,
  prompt: string,
  calls = false,
): readonly number[] {
  const { thoughts } = tokenizer;
  const had = { reasoning: resume.reasoning ?? "", text: resume.text };
  if (resume.tokenizerHash === tokenizer.hash) {
    const first = Math.max(0, Math.min(resume.idsInText, resume.ids.length));
    const last = Math.min(resume.ids.length, first + MAX_PARTIAL_TOKENS);
    for (let count = first; count <= last; count++) {
      const ids = resume.ids.slice(0, count);
      const read = { reasoning: "", token: "" };
      for (const { type, text } of thoughts.reader(prompt, calls).push({ ids, text: tokenizer.decode(ids, calls) }))
        read[type] += text;
      if (read.token.startsWith(had.text) && read.reasoning.startsWith(had.reasoning)) return ids;
      // A text that has left the delivered one cannot come back to it; an unfinished character still may.
      const whole = ({ reasoning, token }: typeof read): boolean =>
        had.text.startsWith(token.replace(/\ufffd+$/u, "")) &&
        had.reasoning.startsWith(reasoning.replace(/\ufffd+$/u, ""));
      if (!whole(read)) break;
    }
  }
  const asText = { reasoning: tokenizer.asText(had.reasoning), text: tokenizer.asText(had.text, calls) };
  return tokenizer.encodePrompt(thoughts.written(asText, prompt));
}
