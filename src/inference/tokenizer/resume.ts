/** Where an answer that somebody else began goes on. */
import type { ResumePoint } from "../types";
import type { TextPiece } from "./detokenizer";
import type { DeliveredText } from "./stored-thought";
import type { Part, ThoughtFormat, ThoughtReader } from "./thoughts";
import type { ChatTokenizer } from "./tokenizer";

/** Tokens that one character may be spread over: 4 bytes of UTF-8, each a token, and some to spare. */
const MAX_PARTIAL_TOKENS = 8;

type Reader = Pick<ChatTokenizer, "hash" | "encodePrompt" | "asText" | "decode" | "writes" | "thoughts">;

/**
 * The ids that stand for the delivered text and thought, to condition on after a prompt that ends with `prompt`; their number
 * is the position of the next token. The received ids are a hint, since whoever gave the text may have made them up: they are
 * used if they are of the same tokenizer and write exactly the delivered text. A text that ends inside a token keeps that token.
 * Otherwise the text itself is encoded in this model's format.
 * If the answer may call tools (`calls`), the marks of calls are part of its text. `thoughts` are in the model's format unless
 * the text is one without thoughts.
 */
export function resumption(
  resume: ResumePoint,
  tokenizer: Reader,
  prompt: string,
  { calls = false, thoughts = tokenizer.thoughts }: { calls?: boolean; thoughts?: ThoughtFormat } = {},
): readonly number[] {
  const had = { reasoning: resume.reasoning ?? "", text: resume.text };
  const received = resume.tokenizerHash === tokenizer.hash ? resume.ids : [];
  if (received.length > 0 && received.every((id) => tokenizer.writes(id, calls))) {
    const read = (ids: readonly number[]): DeliveredText =>
      readBack(thoughts.reader(prompt, calls), { ids, text: tokenizer.decode(ids, calls) });
    const ids = idsOf(had, received, resume.idsInText, read);
    if (ids) return ids;
  }
  const asText = { reasoning: tokenizer.asText(had.reasoning), text: tokenizer.asText(had.text, calls) };
  return tokenizer.encodePrompt(thoughts.written(asText, prompt));
}

/** The first of the received ids, up to the one in which the delivered text ends. Undefined if they write something else. */
function idsOf(
  had: DeliveredText,
  received: readonly number[],
  idsInText: number,
  read: (ids: readonly number[]) => DeliveredText,
): readonly number[] | undefined {
  const first = Math.min(idsInText, received.length);
  const last = Math.min(received.length, first + MAX_PARTIAL_TOKENS);
  for (let count = first; count <= last; count++) {
    const ids = received.slice(0, count);
    const text = read(ids);
    if (isSame(text, had)) return ids;
    // Nothing but the rest of one token may follow the delivered text: more could put words into the answer.
    if (beginsWith(text, had)) return beginsWith(read(ids.slice(0, -1)), had) ? undefined : ids;
    // A text that has left the delivered one cannot come back to it; an unfinished character still may.
    if (!beginsWith(had, { reasoning: whole(text.reasoning), text: whole(text.text) })) return undefined;
  }
  return undefined;
}

function readBack(reader: ThoughtReader, piece: TextPiece): DeliveredText {
  const parts = reader.push(piece);
  const of = (kind: Part["type"]): string => parts.flatMap(({ type, text }) => (type === kind ? text : [])).join("");
  return { reasoning: of("reasoning"), text: of("token") };
}

const isSame = (one: DeliveredText, other: DeliveredText): boolean =>
  one.text === other.text && one.reasoning === other.reasoning;
const beginsWith = (long: DeliveredText, short: DeliveredText): boolean =>
  long.text.startsWith(short.text) && long.reasoning.startsWith(short.reasoning);
/** The text without an unfinished character at its end. */
const whole = (text: string): string => text.replace(/\ufffd+$/u, "");
