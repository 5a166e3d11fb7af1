/** From a part of a decoder to what an engine loads: its graph, and the bytes of its weights and of no others. */
import { MicrogridError } from "../../core";
import type { HiddenSlot, StagePackage, StagePart } from "../../inference";
import {
  type DecoderGraph,
  type StageFile,
  type StagePiece,
  type StageRange,
  type TensorSpec,
  extractStage,
  mergeRanges,
} from "../split";

/** Bytes that are read for nothing rather than to ask once more: about what a round trip is worth. */
const MAX_GAP_BYTES = 64 * 2 ** 10;
/** Bytes of one request: what is lost where it fails, and what is kept for the next visit once it is there. */
const MAX_REQUEST_BYTES = 32 * 2 ** 20;
const REQUESTS_AT_ONCE = 4;

/** Where bytes of a model's files come from. */
export interface WeightSource {
  /** `location` is the file's name as the graph says it. Rejects with the signal's reason when aborted. */
  read(location: string, offset: number, length: number, options: { signal: AbortSignal }): Promise<Blob>;
}

/** A part of a model as a package. Throws `unsupported-model` where its graph asks for what a stage cannot have. */
export async function stagePackage(
  decoder: DecoderGraph,
  range: StageRange,
  options: {
    readonly id: string;
    readonly name: string;
    readonly weights: WeightSource;
    /** `expandsWeights` of the whole model. */
    readonly expand: boolean;
    readonly signal: AbortSignal;
    readonly onProgress?: (loadedBytes: number, totalBytes: number) => void;
  },
): Promise<StagePackage> {
  const { id, name, expand } = options;
  const stage = extractStage(decoder, range);
  const strange = stage.feeds.find(({ kind }) => kind === "past-shape");
  if (strange) {
    throw new MicrogridError(
      "unsupported-model",
      `This model cannot be split here: its part asks for ${strange.name}.`,
    );
  }
  const pieces = await readPieces(stage, options);
  return {
    id,
    name,
    graph: new Blob([stage.graphBytes as Uint8Array<ArrayBuffer>]),
    files: stage.files.map((file) => ({ path: file.name, blob: fileOf(file, pieces) })),
    expand,
    part: partOf(stage, range),
  };
}

/** What a part of a model takes, passes on and gives. Throws as `stagePackage` does. */
export function stagePart(decoder: DecoderGraph, range: StageRange): StagePart {
  return partOf(extractStage(decoder, range), range);
}

function partOf({ inputs, outputs, forwarded }: StageFile, { embed, head }: StageRange): StagePart {
  return {
    takes: inputs.map(slotOf),
    passes: forwarded,
    gives: outputs.filter((tensor) => !forwarded.includes(tensor.name)).map(slotOf),
    embeds: embed,
    predicts: head,
  };
}

/** A piece of a stage's weights, read. */
interface ReadPiece extends StagePiece {
  readonly blob: Blob;
}

/** Reads all pieces, those that lie side by side in one request. */
async function readPieces(
  stage: StageFile,
  { weights, signal, onProgress }: Pick<Parameters<typeof stagePackage>[2], "weights" | "signal" | "onProgress">,
): Promise<ReadPiece[]> {
  const requests = [...mergeRanges(stage.pieces, { gap: MAX_GAP_BYTES, max: MAX_REQUEST_BYTES })];
  const total = requests.reduce((sum, { length }) => sum + length, 0);
  const read: ReadPiece[] = [];
  let loaded = 0;
  const worker = async (): Promise<void> => {
    for (let request = requests.shift(); request; request = requests.shift()) {
      const { location, offset, length, pieces } = request;
      const blob = await weights.read(location, offset, length, { signal });
      loaded += length;
      onProgress?.(loaded, total);
      for (const piece of pieces) {
        const start = piece.offset - offset;
        read.push({ ...piece, blob: blob.slice(start, start + piece.length) });
      }
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker));
  return read;
}

/** One file of weights, put together from pieces of the model's files; zeros lie between them. */
function fileOf(file: StageFile["files"][number], pieces: readonly ReadPiece[]): Blob {
  const own = pieces.filter((piece) => piece.file === file.name).sort((a, b) => a.at - b.at);
  const parts: BlobPart[] = [];
  let at = 0;
  for (const piece of own) {
    if (piece.at > at) parts.push(new Uint8Array(piece.at - at));
    parts.push(piece.blob);
    at = piece.at + piece.length;
  }
  if (file.bytes > at) parts.push(new Uint8Array(file.bytes - at));
  return new Blob(parts);
}

function slotOf({ name, dtype, shape }: TensorSpec): HiddenSlot {
  const width = shape.at(-1);
  if ((dtype !== "float32" && dtype !== "float16") || shape.length !== 3 || typeof width !== "number") {
    throw new MicrogridError(
      "unsupported-model",
      `This model cannot be split: what crosses between its layers (${name}) is not one row of numbers for each token.`,
    );
  }
  return { name, type: dtype, width };
}
