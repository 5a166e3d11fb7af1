/** From a part of a decoder to what an engine loads: its graph, and the bytes of its weights and of no others. */
import { MicrogridError } from "../../core";
import type { HiddenSlot, StagePackage } from "../../inference";
import { type Decoder, type StageFile, type StageRange, type TensorSpec, extractStage } from "../split";

/** Where bytes of a model's files come from. */
export interface WeightSource {
  /** `location` is the file's name as the graph says it. Rejects with the signal's reason when aborted. */
  read(location: string, offset: number, length: number, options: { signal: AbortSignal }): Promise<Blob>;
}

/** Weights of a model whose files are all here. */
export function weightsOf(files: ReadonlyMap<string, Blob>): WeightSource {
  return {
    read: (location, offset, length) => {
      const file = files.get(location);
      if (file && file.size >= offset + length) return Promise.resolve(file.slice(offset, offset + length));
      return Promise.reject(
        new MicrogridError(
          "file-corrupt",
          `The model's file ${location} is cut off. Remove the model and load it again.`,
        ),
      );
    },
  };
}

/** A part of a model as a package. Throws `unsupported-model` where its graph asks for what a stage cannot have. */
export async function stagePackage(
  decoder: Decoder,
  range: StageRange,
  options: {
    readonly id: string;
    readonly name: string;
    readonly weights: WeightSource;
    /** `expandsWeights` of the whole model. */
    readonly expand: boolean;
    readonly signal: AbortSignal;
  },
): Promise<StagePackage> {
  const { id, name, weights, expand, signal } = options;
  const stage = extractStage(decoder, range);
  const strange = stage.feeds.find(({ kind }) => kind === "past-shape");
  if (strange) {
    throw new MicrogridError(
      "unsupported-model",
      `This model cannot be split here: its part asks for ${strange.name}.`,
    );
  }
  const files = stage.files.map(async (file) => ({
    path: file.name,
    blob: await fileOf(stage, file, weights, signal),
  }));
  return {
    id,
    name,
    graph: new Blob([stage.graphBytes as Uint8Array<ArrayBuffer>]),
    files: await Promise.all(files),
    expand,
    part: {
      takes: stage.inputs.map(slotOf),
      passes: stage.forwarded,
      gives: stage.outputs.filter((tensor) => !stage.forwarded.includes(tensor.name)).map(slotOf),
      embeds: range.embed,
      predicts: range.head,
    },
  };
}

/** One file of weights, put together from pieces of the model's files; zeros lie between them. */
async function fileOf(
  { pieces }: StageFile,
  file: StageFile["files"][number],
  weights: WeightSource,
  signal: AbortSignal,
): Promise<Blob> {
  const own = pieces.filter((piece) => piece.file === file.name).sort((a, b) => a.at - b.at);
  const parts: BlobPart[] = [];
  let at = 0;
  for (const piece of own) {
    if (piece.at > at) parts.push(new Uint8Array(piece.at - at));
    parts.push(await weights.read(piece.location, piece.offset, piece.length, { signal }));
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
