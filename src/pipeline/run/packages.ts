/** Turns a part of a decoder into a package that an engine can load: its graph, and just the bytes of its weights. */
import { MicrogridError } from "../../core";
import type { HiddenSlot, StagePackage, StagePart } from "../../inference";
import { type StageFile, type StagePiece, type StageRange, type TensorSpec, mergeRanges } from "../split";

/** Bytes that are read unnecessarily to save a request: about as many as a round trip costs. */
const MAX_GAP_BYTES = 64 * 2 ** 10;
/** Size of one request: as much is lost if it fails, and kept for the next visit if it succeeds. */
const MAX_REQUEST_BYTES = 32 * 2 ** 20;
const REQUESTS_AT_ONCE = 4;

/** The source of the bytes of a model's files. */
export interface WeightSource {
  /** `location` is the file's name in the graph. Rejects with the signal's reason when aborted. */
  read(location: string, offset: number, length: number, options: { signal: AbortSignal }): Promise<Blob>;
}

/**
 * Makes a package of a part of a model, given the files of the part. Throws `unsupported-model` if its graph needs inputs that a
 * stage cannot have.
 */
export async function stagePackage(
  stage: StageFile,
  range: StageRange,
  options: {
    readonly id: string;
    readonly name: string;
    readonly weights: WeightSource;
    /** Whether the whole model has `expandedBytes`. */
    readonly expand: boolean;
    readonly signal: AbortSignal;
    readonly onProgress?: (loadedBytes: number, totalBytes: number) => void;
  },
): Promise<StagePackage> {
  const { id, name, expand } = options;
  const strange = stage.feeds.find(({ kind }) => kind === "past-shape");
  if (strange) {
    throw new MicrogridError(
      "unsupported-model",
      `This model cannot be split here, because the part needs the input ${strange.name}.`,
    );
  }
  const pieces = await readPieces(stage, options);
  return {
    id,
    name,
    graph: new Blob([stage.graphBytes as Uint8Array<ArrayBuffer>]),
    files: stage.files.map((file) => ({ path: file.name, blob: fileOf(file, pieces) })),
    expand,
    part: stagePart(stage, range),
  };
}

/** The tensors that a part of a model takes, passes on and returns. Throws like `stagePackage`. */
export function stagePart({ inputs, outputs, forwarded }: StageFile, { embed, head }: StageRange): StagePart {
  return {
    takes: inputs.map(slotOf),
    passes: forwarded,
    gives: outputs.filter((tensor) => !forwarded.includes(tensor.name)).map(slotOf),
    embeds: embed,
    predicts: head,
  };
}

/** A piece of a stage's weights with its bytes. */
interface ReadPiece extends StagePiece {
  readonly blob: Blob;
}

/** Reads all pieces. Adjacent pieces are read in one request. */
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

/** Builds one weights file from pieces of the model's files, with zeros in the gaps. */
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
  const row = shape.slice(2).filter((dim) => typeof dim === "number");
  if ((dtype !== "float32" && dtype !== "float16") || row.length === 0 || row.length !== shape.length - 2) {
    throw new MicrogridError(
      "unsupported-model",
      `This model cannot be split: the tensor between its layers (${name}) does not have one row of numbers per token.`,
    );
  }
  return { name, type: dtype, width: row.reduce((product, dim) => product * dim, 1) };
}
