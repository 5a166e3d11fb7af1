/** One answer: prompt, cache, prefill in chunks, and a token at a time until it ends. */
import { MicrogridError } from "../../core";
import { MAX_LOGPROBS, type ResolvedRequest, randomSeed, sampleToken, tokenLogprob, uniformAt } from "../sampling";
import { AnswerText, type AnswerPiece, type ChatTokenizer, resumption } from "../tokenizer";
import type { FinishReason, GenerationEvent, GenerationRequest } from "../types";
import type { CachePool } from "./cache-pool";
import { Drafts, type Guesser } from "./drafts";
import type { Decoder, Sequence } from "./sequence";

/** Most tokens that an answer reserves room for at its start: most answers are shorter, and memory is scarce. */
const MAX_RESERVED_TOKENS = 1024;

/** The parts of a loaded model that an answer needs. */
export interface GenerationParts<S extends Sequence> {
  readonly tokenizer: ChatTokenizer;
  readonly decoder: Decoder<S>;
  readonly pool: CachePool<S>;
  readonly eosIds: ReadonlySet<number>;
  readonly contextLength: number;
  readonly prefillChunk: number;
  /** Most tokens that are guessed and checked in one pass; 0 if one pass over several tokens saves no time. */
  readonly maxDraft: number;
  /** A guesser that uses the model with this id for an answer; undefined if that model cannot guess. */
  guesser?(answer: AbortSignal, model: string): Guesser | undefined;
  /** Runs one step in the worker's fair order and explains its errors. The decoder does so by itself. */
  turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** The ids that an answer starts from. */
interface Start {
  readonly prompt: readonly number[];
  /** Ids of the answer that exist already. */
  readonly answer: readonly number[];
  readonly text: AnswerText;
}

/**
 * Streams `token` events and one `done`. The cache goes back to the pool however the answer ends.
 * Throws `context-exceeded` if the prompt leaves no room for a token.
 */
export async function* generateAnswer<S extends Sequence>(
  parts: GenerationParts<S>,
  request: ResolvedRequest,
  options: { signal: AbortSignal },
): AsyncGenerator<GenerationEvent, void> {
  const { signal } = options;
  const { prompt, answer, text } = start(parts, request);
  const ids = [...prompt, ...answer];
  const cache = await parts.turn(() => Promise.resolve(parts.pool.take(ids)), signal);
  const cachedTokens = Math.min(cache.length, prompt.length);
  const maxTokens = Math.min(request.maxTokens, parts.contextLength - prompt.length);
  const seed = request.seed ?? randomSeed();
  const seen = new Set(ids);
  const choose = (logits: Float32Array, position: number): number =>
    sampleToken(logits, request.sampling, { uniform: uniformAt(seed, position), seen });
  const guesses = parts.maxDraft > 0 && request.draft !== undefined;
  const drafts = new Drafts(parts.maxDraft, guesses ? parts.guesser?.(signal, request.draft) : undefined);
  const startTime = performance.now();
  let firstTokenTime = startTime;
  let finishReason: FinishReason = "length";
  try {
    const room = Math.min(prompt.length + maxTokens, ids.length + MAX_RESERVED_TOKENS);
    await parts.turn(() => reserve(parts.pool, cache, room), signal);
    let draft: readonly number[] = [];
    let rows = answer.length < maxTokens ? await prefill(parts, cache, ids, signal) : [];
    firstTokenTime = performance.now();
    answering: while (rows.length > 0) {
      let right = 0;
      for (const logits of rows) {
        const position = ids.length - prompt.length;
        const id = choose(logits, position);
        if (parts.eosIds.has(id)) {
          finishReason = "stop";
          break answering;
        }
        ids.push(id);
        seen.add(id);
        const piece = text.push(id, logprobOf(parts.tokenizer, request, logits, id));
        if (piece) yield tokenEvent(piece);
        if (text.stopped) {
          finishReason = "stop";
          break answering;
        }
        if (position + 1 >= maxTokens) break answering;
        // The next row is valid only if the guess before it was right.
        if (id !== draft[right]) break;
        right++;
      }
      if (draft.length > 0) drafts.learn(draft.length, right);
      const next = ids.length - prompt.length;
      const vocabulary = rows[0]!.length;
      draft = await drafts.draft(ids, {
        room: Math.min(parts.maxDraft, maxTokens - next - 1),
        choose: (logits, ahead) => {
          const id = choose(logits, next + ahead);
          // A small model may pad its vocabulary further than the large one.
          return id < vocabulary && !parts.eosIds.has(id) ? id : undefined;
        },
      });
      await keepOnly(parts, cache, ids, signal);
      rows = await parts.decoder.predict(cache, [...ids.slice(-1), ...draft], 1 + draft.length, signal);
    }
    const rest = text.flush();
    if (rest) yield tokenEvent(rest);
    const endTime = performance.now();
    yield {
      type: "done",
      finishReason: text.stopped ? "stop" : finishReason,
      usage: {
        promptTokens: prompt.length,
        completionTokens: ids.length - prompt.length - answer.length,
        cachedTokens,
        prefillMs: firstTokenTime - startTime,
        decodeMs: endTime - firstTokenTime,
      },
    };
  } finally {
    drafts.end();
    // Wrong guesses must not stay in the cache.
    cache.truncate(ids.length - 1);
    parts.pool.put(cache, ids);
  }
}

function start<S extends Sequence>(parts: GenerationParts<S>, request: GenerationRequest): Start {
  const { tokenizer, contextLength } = parts;
  const prompt = tokenizer.encode(tokenizer.render(request.messages));
  const resumed = request.resume ? resumption(request.resume, tokenizer) : { ids: [], undelivered: "" };
  if (prompt.length === 0) throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.");
  const length = prompt.length + resumed.ids.length;
  if (length >= contextLength) {
    throw new MicrogridError(
      "context-exceeded",
      `The conversation has ${length} tokens, but this model reads at most ${contextLength}. ` +
        "Start a new conversation, shorten this one, or choose a model with a longer context.",
    );
  }
  const text = new AnswerText({
    decode: (ids) => tokenizer.decode(ids),
    stop: request.stop ?? [],
    delivered: resumed.ids,
    prefix: resumed.undelivered,
  });
  return { prompt, answer: resumed.ids, text };
}

/** Makes room. If memory runs out, frees the idle caches first, since this answer matters more. */
async function reserve<S extends Sequence>(pool: CachePool<S>, cache: S, tokens: number): Promise<void> {
  try {
    await cache.reserve(tokens);
  } catch (error) {
    if (pool.size === 0) throw error;
    pool.clear();
    await cache.reserve(tokens);
  }
}

/** Reads those of `ids` that the cache lacks, in chunks, and returns the logits after the last. */
export async function prefill<S extends Sequence>(
  { decoder, prefillChunk }: Pick<GenerationParts<S>, "decoder" | "prefillChunk">,
  cache: S,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<readonly Float32Array[]> {
  while (cache.length + prefillChunk < ids.length) {
    await decoder.feed(cache, ids.slice(cache.length, cache.length + prefillChunk), signal);
  }
  return decoder.predict(cache, ids.slice(cache.length), 1, signal);
}

/** Removes wrong guesses from the cache: it may hold all of `ids` except the last. */
async function keepOnly<S extends Sequence>(
  { turn }: GenerationParts<S>,
  cache: S,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const length = ids.length - 1;
  if (cache.length <= length) return;
  await turn(() => {
    cache.truncate(length);
    return Promise.resolve();
  }, signal);
}

function logprobOf(tokenizer: ChatTokenizer, request: GenerationRequest, logits: Float32Array, id: number) {
  if (request.logprobs === undefined) return undefined;
  return tokenLogprob(logits, id, Math.min(request.logprobs, MAX_LOGPROBS), (token) => tokenizer.decode([token]));
}

function tokenEvent(piece: AnswerPiece): GenerationEvent {
  return { type: "token", ...piece };
}
