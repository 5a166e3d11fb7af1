/** Turns the chat of a request into the tokens that a model reads, and leaves out what does not fit its context. */
import { MicrogridError } from "../core";
import { type ShortenedChat, newestWithin, turnCount, withoutOldest } from "./shortening";
import type { ChatMessage, GenerationRequest } from "./types";

/** A chat with more characters than this per token of the context is counted in pieces before it is read as a whole. */
const MAX_CHARS_PER_TOKEN = 8;
/** No text has more characters per token, so one with more per token of the context is too long without being read. */
const MOST_CHARS_PER_TOKEN = 64;
/** Length of the pieces, in characters. */
const PIECE_CHARS = 4096;
/** Tokens that a template may put around a message. The true number is counted at the end. */
const TEMPLATE_TOKENS = 8;
/** The share of the context that is kept for the answer when older messages are left out. */
const ANSWER_SHARE = 4;

/** The facts about a model that its prompts depend on. */
export interface PromptTerms {
  /** The model's name for people. */
  readonly name: string;
  readonly contextLength: number;
  readonly tokenizer: { encode(text: string): readonly number[] };
  /** The tokens of a chat, up to where the answer begins. */
  read(messages: readonly ChatMessage[]): number[];
}

/** The tokens that a model reads before it answers. */
interface Prompt {
  readonly ids: readonly number[];
  /** Number of the oldest messages that were left out. */
  readonly left: number;
}

/**
 * The prompt of a request that goes on after `resumed` tokens. If the request allows it (`shorten`), the oldest messages
 * that do not fit are left out, several at a time, so that the next prompts begin alike and the cache stays of use.
 * Throws `context-exceeded` if the rest leaves no room for a token.
 */
export function makePrompt(request: GenerationRequest, resumed: number, terms: PromptTerms): Prompt {
  const { messages, prompt } = request;
  // Only a chat has messages that can be left out.
  const shorten = request.shorten === true && prompt === undefined;
  const room = terms.contextLength - resumed - 1;
  const texts = prompt === undefined ? messages.map(textOf) : [prompt];
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  const long = chars > terms.contextLength * MAX_CHARS_PER_TOKEN;
  if (long && !shorten) {
    const { tokens } = countTokens(texts.join(""), terms.tokenizer, 2 * terms.contextLength);
    if (tokens > 2 * terms.contextLength) throw promptTooLong(request, tokens + resumed, terms);
  }
  if (!shorten || !long) {
    const ids = terms.read(messages);
    if (ids.length <= room) return { ids, left: 0 };
    if (!shorten) throw promptTooLong(request, ids.length + resumed, terms);
  }
  return shortened(request, resumed, terms);
}

function shortened({ messages, maxTokens }: GenerationRequest, resumed: number, terms: PromptTerms): Prompt {
  const { contextLength, tokenizer } = terms;
  const sizes = new Map<ChatMessage, number>();
  const sizeOf = (message: ChatMessage): number => {
    const known = sizes.get(message) ?? TEMPLATE_TOKENS + countTokens(textOf(message), tokenizer, contextLength).tokens;
    sizes.set(message, known);
    return known;
  };
  const alone = withoutOldest(messages, messages.length);
  const least = alone.messages.reduce((sum, message) => sum + sizeOf(message), 0);
  const room = contextLength - resumed - 1;
  // Far too long: not even worth reading as a whole.
  if (least > 2 * contextLength) throw messageTooLong(messages, resumed, terms);
  const answer = Math.min(maxTokens - resumed, Math.floor(contextLength / ANSWER_SHARE));
  const budget = Math.max(room - Math.max(answer, 0), 0);
  let chat = stableCut(messages, newestWithin(messages, budget, sizeOf).left, contextLength);
  let ids = terms.read(chat.messages);
  while (ids.length > budget) {
    const shorter = withoutOldest(messages, chat.left + 1);
    if (shorter.left === chat.left) break;
    chat = shorter;
    ids = terms.read(chat.messages);
  }
  if (ids.length > room) throw messageTooLong(messages, resumed, terms);
  return { ids, left: chat.left };
}

/** Leaves out at least `least` messages, up to a place that stays the same while the chat grows by a few turns. */
function stableCut(messages: readonly ChatMessage[], least: number, contextLength: number): ShortenedChat {
  const exact = withoutOldest(messages, least);
  if (least === 0) return exact;
  const turns = messages.slice(-turnCount(messages), -1);
  let chars = 0;
  let part = 0;
  for (const [at, { role, content }] of turns.entries()) {
    if (role === "user") {
      // Parts of a quarter of the context or so, in characters: counting the tokens of old messages would take time.
      const now = Math.floor(chars / contextLength);
      if (at >= least && now > part) return withoutOldest(messages, at);
      part = now;
    }
    chars += content.length;
  }
  return exact;
}

/** The text of a message that a prompt may contain. */
function textOf({ content, reasoning = "", toolCalls = [] }: ChatMessage): string {
  return reasoning + content + toolCalls.map((call) => call.name + call.arguments).join("");
}

/** Counts tokens in pieces. Beyond `most` it only estimates, so that a text without end costs little. */
function countTokens(
  text: string,
  tokenizer: PromptTerms["tokenizer"],
  most: number,
): { readonly tokens: number; readonly exact: boolean } {
  if (text.length > MOST_CHARS_PER_TOKEN * most) {
    const piece = tokenizer.encode(text.slice(0, PIECE_CHARS)).length;
    const estimate = Math.round((piece * text.length) / PIECE_CHARS);
    return { tokens: Math.max(estimate, 2 * most + 1), exact: false };
  }
  let tokens = 0;
  for (let at = 0; at < text.length; at += PIECE_CHARS) {
    if (tokens > most) return { tokens: Math.round((tokens * text.length) / at), exact: false };
    tokens += tokenizer.encode(text.slice(at, at + PIECE_CHARS)).length;
  }
  return { tokens, exact: true };
}

function promptTooLong({ prompt }: GenerationRequest, tokens: number, { contextLength }: PromptTerms): MicrogridError {
  const [what, todo] =
    prompt === undefined
      ? ["The conversation", "Start a new conversation, shorten this one"]
      : ["The prompt", "Shorten it"];
  return new MicrogridError(
    "context-exceeded",
    `${what} has ${tokens} tokens, but this model reads at most ${contextLength}. ` +
      `${todo}, or choose a model with a longer context.`,
    { field: prompt === undefined ? "messages" : "prompt" },
  );
}

function messageTooLong(messages: readonly ChatMessage[], resumed: number, terms: PromptTerms): MicrogridError {
  const { name, contextLength, tokenizer } = terms;
  const limit = `${name} reads at most ${amount(contextLength)}`;
  const count = ({ content }: ChatMessage): string => {
    const { tokens, exact } = countTokens(content, tokenizer, contextLength);
    return `${exact ? "" : "about "}${amount(tokens)} tokens`;
  };
  const last = messages.at(-1)!;
  const system = messages[0]?.role === "system" ? messages[0] : undefined;
  const also = [
    ...(system ? [`the system prompt has ${count(system)}`] : []),
    ...(resumed > 0 ? [`the answer so far has ${amount(resumed)} tokens`] : []),
  ];
  const more = also.length > 0 ? `, ${also.join(", ")}` : "";
  return new MicrogridError(
    "context-exceeded",
    `This message has ${count(last)}${more}; ${limit}. Shorten it, or choose a model that reads more.`,
    { field: "messages" },
  );
}

function amount(count: number): string {
  return count.toLocaleString("en");
}
