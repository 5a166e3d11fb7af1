/** One answer: prompt, cache, prefill in chunks, and a token at a time until it ends. */
import { AnswerTokens } from "../answer-tokens";
import type { ResolvedRequest } from "../sampling";
import type { ChatTokenizer } from "../tokenizer";
import type { ChatMessage, GenerationEvent } from "../types";
import type { Asker, CachePool } from "./cache/pool";
import { Drafts, type Guesser } from "./drafts";
import type { Decoder, Sequence } from "./sequence";
import type { TakeTurn } from "./turns";

/** Most tokens that an answer reserves room for at its start: most answers are shorter, and memory is scarce. */
const MAX_RESERVED_TOKENS = 1024;
/** Tokens for which a longer answer reserves more room each time. */
const MORE_RESERVED_TOKENS = 256;

/** The parts of a loaded model that an answer needs. */
export interface GenerationParts<S extends Sequence> {
  /** The model's name for people. */
  readonly name: string;
  readonly tokenizer: ChatTokenizer;
  readonly decoder: Decoder<S>;
  readonly pool: CachePool<S>;
  readonly eosIds: ReadonlySet<number>;
  readonly contextLength: number;
  readonly prefillChunk: number;
  /** Most tokens that are guessed and checked in one pass; 0 if one pass over several tokens saves no time. */
  readonly maxDraft: number;
  /** A guesser that uses the model with this id for an answer; undefined if that model cannot guess. */
  guesser?(answer: AbortSignal, model: string, asker: Asker): Guesser | undefined;
  /** Used for every step except those of the decoder, which takes its own turns. */
  readonly turn: TakeTurn;
}

/**
 * Streams `accepted`, `shortened`, `reasoning` and `token` events and one `done`. The cache goes back to the pool however the answer ends.
 * Throws `context-exceeded` if the prompt leaves no room for a token.
 */
export async function* generateAnswer<S extends Sequence>(
  parts: GenerationParts<S>,
  request: ResolvedRequest,
  options: { signal: AbortSignal },
): AsyncGenerator<GenerationEvent, void> {
  const { signal } = options;
  const { name, tokenizer, contextLength, eosIds } = parts;
  const read = (messages: readonly ChatMessage[]): number[] => tokenizer.read(messages, request);
  // A prompt is read in one piece, so it waits for its turn like any other step.
  const answer = await parts.turn(
    () => AnswerTokens.begin(request, { name, read, tokenizer, contextLength, endIds: eosIds }),
    signal,
  );
  const { ids } = answer;
  yield* answer.begin();
  const cache = await parts.turn(() => Promise.resolve(parts.pool.take(ids, request.asker)), signal);
  const cachedTokens = cache.length;
  const guesses = parts.maxDraft > 0 && request.draft !== undefined;
  const drafts = new Drafts(
    parts.maxDraft,
    guesses ? parts.guesser?.(signal, request.draft, request.asker) : undefined,
  );
  const startTime = performance.now();
  const reserved = (more: number): number => Math.min(answer.limit, ids.length + more);
  try {
    let room = await reserve(parts, { cache, asker: request.asker, signal }, reserved(MAX_RESERVED_TOKENS));
    let draft: readonly number[] = [];
    let rows = answer.over ? [] : await prefill(parts, cache, ids, signal, answer.candidates);
    const firstTokenTime = performance.now();
    answering: while (rows.length > 0) {
      let right = 0;
      for (const logits of rows) {
        const { id, events } = answer.take(logits);
        yield* events;
        if (answer.over) break answering;
        // The next row is valid only if the guess before it was right.
        if (id !== draft[right]) break;
        right++;
      }
      if (draft.length > 0) drafts.learn(draft.length, right);
      const vocabulary = rows[0]!.length;
      draft = await drafts.draft(ids, {
        room: Math.min(parts.maxDraft, answer.limit - ids.length - 1),
        choose: (logits, ahead) => {
          const id = answer.choose(logits, ahead);
          // A small model may pad its vocabulary further than the large one.
          return id !== undefined && id < vocabulary && !eosIds.has(id) ? id : undefined;
        },
      });
      await keepOnly(parts, cache, ids, signal);
      if (ids.length + draft.length > room) {
        room = await reserve(parts, { cache, asker: request.asker, signal }, reserved(MORE_RESERVED_TOKENS));
      }
      // A guess is checked with the logits after it, on which the choice may depend in other ways.
      const candidates = draft.length > 0 ? undefined : answer.candidates;
      rows = await parts.decoder.predict(cache, [...ids.slice(-1), ...draft], 1 + draft.length, signal, candidates);
    }
    yield* answer.end({ cachedTokens, startTime, firstTokenTime });
  } finally {
    drafts.end();
    // Wrong guesses must not stay in the cache. Where it cannot go back, nothing was guessed.
    if (cache.canGoBack) cache.truncate(ids.length - 1);
    parts.pool.put(cache, ids, request.asker);
  }
}

/** Makes room for `tokens`, which it gives. Idle caches make way, above all if memory runs out: this answer matters more. */
async function reserve<S extends Sequence>(
  { pool, turn }: GenerationParts<S>,
  { cache, asker, signal }: { readonly cache: S; readonly asker: Asker; readonly signal: AbortSignal },
  tokens: number,
): Promise<number> {
  await turn(async () => {
    try {
      await cache.reserve(tokens);
    } catch (error) {
      if (!pool.clear(asker)) throw error;
      await cache.reserve(tokens);
    }
    pool.trim(asker);
  }, signal);
  return tokens;
}

/** Reads those of `ids` that the cache lacks, in chunks, and returns the logits after the last. */
export async function prefill<S extends Sequence>(
  { decoder, prefillChunk }: Pick<GenerationParts<S>, "decoder" | "prefillChunk">,
  cache: S,
  ids: readonly number[],
  signal: AbortSignal,
  candidates?: number,
): Promise<readonly Float32Array[]> {
  while (cache.length + prefillChunk < ids.length) {
    await decoder.feed(cache, ids.slice(cache.length, cache.length + prefillChunk), signal);
  }
  return decoder.predict(cache, ids.slice(cache.length), 1, signal, candidates);
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
