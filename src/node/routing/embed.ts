/**
 * Turns texts into vectors with whatever devices can do it. The texts are divided into pieces, each of which goes to the provider
 * that would have it done first, so several devices compute at once. A piece whose provider is lost is asked for again elsewhere.
 */
import { MicrogridError, inParallel } from "../../core";
import type { EmbeddingRequest, ModelOffer, Provider } from "../../inference";
import { MAX_JOB_INPUTS } from "../../room";
import type { EmbedRequest, EmbedResult } from "../types";
import { ProviderSearch, type Seeker } from "./provider-search";

/** Most characters of a piece: a loss costs no more than that. */
const PIECE_CHARS = 32 * 1024;
/** Pieces that are computed at once. */
const PIECES_AT_ONCE = 4;

/** The vectors so far. */
interface Course {
  readonly request: EmbeddingRequest;
  /** The offer that made the first of them. Its package is preferred for the others. */
  offer: ModelOffer | undefined;
  dimensions: number | undefined;
  vectors: Float32Array<ArrayBuffer>;
  promptTokens: number;
  readonly providers: Map<string, EmbedResult["providers"][number]>;
}

/** The parts of the node that vectors need. */
interface Embedder extends Seeker {
  /** Called when a provider begins with a piece; what it returns is called at the end. */
  onPiece(provider: Provider): () => void;
}

/** Throws as `LoadedModel.embed` does, `no-provider` if nobody can make embeddings, or the signal's reason. */
export async function embed(asked: EmbedRequest, embedder: Embedder, signal: AbortSignal): Promise<EmbedResult> {
  const { embedding: request } = asked;
  const course: Course = {
    ...{ request, offer: undefined, dimensions: undefined, promptTokens: 0 },
    ...{ vectors: new Float32Array(), providers: new Map() },
  };
  // The first piece decides on the package for all.
  const [first, ...rest] = piecesOf(request.inputs);
  await computePiece(first!, course, { asked, embedder, signal });
  await inParallel(rest, PIECES_AT_ONCE, signal, (piece, _, stop) =>
    computePiece(piece, course, { asked, embedder, signal: stop }),
  );
  const { offer, dimensions, vectors, promptTokens, providers } = course;
  return { model: offer!.model, dimensions: dimensions!, vectors, promptTokens, providers: [...providers.values()] };
}

/** The indexes of the inputs in pieces, the shortest inputs first, so that those of a piece have similar lengths. */
function piecesOf(inputs: EmbeddingRequest["inputs"]): number[][] {
  const sorted = [...inputs.keys()].sort((a, b) => inputs[a]!.length - inputs[b]!.length);
  const pieces: number[][] = [];
  let chars = Infinity;
  for (const index of sorted) {
    const { length } = inputs[index]!;
    const piece = pieces.at(-1);
    if (piece && piece.length < MAX_JOB_INPUTS && chars + length <= PIECE_CHARS) piece.push(index);
    else {
      pieces.push([index]);
      chars = 0;
    }
    chars += length;
  }
  return pieces;
}

async function computePiece(
  piece: readonly number[],
  course: Course,
  {
    asked,
    embedder,
    signal,
  }: { readonly asked: EmbedRequest; readonly embedder: Embedder; readonly signal: AbortSignal },
): Promise<void> {
  const { policy, provider: only } = asked;
  const search = new ProviderSearch(embedder, () => ({
    ...(policy && { policy }),
    ...(only && { provider: only }),
    ...(course.offer && { packageHash: course.offer.packageHash }),
  }));
  const inputs = piece.map((index) => course.request.inputs[index]!);
  const { dimensions } = course.request;
  // With “auto”, all pieces go to the model that the first one went to.
  const model = course.offer?.model ?? course.request.model;
  const request = { model, inputs, ...(dimensions !== undefined && { dimensions }) };
  for (;;) {
    const { provider, offer } = (await search.next(request, signal)).candidate;
    const ends = embedder.onPiece(provider);
    try {
      const embedded = await provider.embed!({ ...request, model: offer.model }, { signal });
      course.offer ??= offer;
      keep(embedded, piece, course);
      search.succeeded(provider);
      const { id, kind, name } = provider;
      const before = course.providers.get(id)?.inputs ?? 0;
      course.providers.set(id, { provider: { id, kind, name }, inputs: before + piece.length });
      return;
    } catch (error) {
      signal.throwIfAborted();
      search.failed(provider, error);
    } finally {
      ends();
    }
  }
}

/** Puts the vectors of a piece where they belong. */
function keep(
  { dimensions, vectors, promptTokens }: { dimensions: number; vectors: Float32Array; promptTokens: number },
  piece: readonly number[],
  course: Course,
): void {
  if (course.dimensions === undefined) {
    course.dimensions = dimensions;
    course.vectors = new Float32Array(course.request.inputs.length * dimensions);
  }
  if (dimensions !== course.dimensions || vectors.length !== piece.length * dimensions) {
    throw new MicrogridError("peer-protocol", "The device that computed gave vectors of another size.");
  }
  course.promptTokens += promptTokens;
  for (const [at, index] of piece.entries()) {
    course.vectors.set(vectors.subarray(at * dimensions, (at + 1) * dimensions), index * dimensions);
  }
}
