/** Cuts single layers out of a model, so that an engine can compute them in two ways. */
import { formatBytes, MicrogridError } from "../core";
import type { LayerSample, SampleLayers, StagePackage } from "../inference";
import { stagePackage, type WeightSource } from "./run/packages";
import {
  type DecoderGraph,
  type StageFile,
  type StageRange,
  exemplaryLayers,
  extractStage,
  readDecoder,
} from "./split";

/** Largest layer that is computed twice. One of 32 experts in 4 bits has about 530 MiB; others have far less. */
const MAX_LAYER_BYTES = 640 * 2 ** 20;
/** Most layers that are tried. Known models have one or two kinds. */
const MAX_LAYERS = 4;

/** A decoder whose layers can be cut out, read here or in a worker. */
export interface CutDecoder extends Pick<DecoderGraph, "layerBytes"> {
  stage(range: StageRange): StageFile | Promise<StageFile>;
  /** As few of the layers `[from, to)` as have all operators that any of them has. */
  exemplary(range: Layers): readonly number[] | Promise<readonly number[]>;
}

/** Some layers; all of them by default. */
interface Layers {
  readonly from?: number;
  readonly to?: number;
}

/** Layers of a whole model in memory. */
export const sampleLayers: SampleLayers = async (model, { signal }) => {
  const decoder = splittable(() => readDecoder(model.graphBytes, { sizes: model }));
  if (typeof decoder === "string") return { layers: [], leftOut: [decoder] };
  const files = new Map(model.external.map(({ path, data }) => [path, data]));
  const read = async (location: string, offset: number, length: number): Promise<Blob> => {
    const file = files.get(location);
    if (file) return file.slice(offset, offset + length);
    throw new MicrogridError("file-missing", `The model's file ${location} is missing. Load the model again.`);
  };
  const cut: CutDecoder = {
    layerBytes: decoder.layerBytes,
    stage: (range) => extractStage(decoder, range),
    exemplary: (range) => exemplaryLayers(decoder, range),
  };
  return layerSample(cut, {}, { weights: { read }, signal });
};

/** As few of the layers `[from, to)` as have all their operators, and the reasons why others are left out. */
export async function layerSample(
  decoder: CutDecoder,
  range: Layers,
  { weights, signal }: { readonly weights: WeightSource; readonly signal: AbortSignal },
): Promise<LayerSample> {
  const layers: StagePackage[] = [];
  const leftOut: string[] = [];
  for (const [index, layer] of (await decoder.exemplary(range)).entries()) {
    const name = `layer ${layer}`;
    const bytes = decoder.layerBytes[layer] ?? 0;
    if (index >= MAX_LAYERS) leftOut.push(`${name}: ${MAX_LAYERS} others are compared`);
    else if (bytes > MAX_LAYER_BYTES) leftOut.push(`${name}: ${formatBytes(bytes)} are too much to compute it twice`);
    else {
      const part = { embed: false, from: layer, to: layer + 1, head: false };
      const stage = await decoder.stage(part);
      layers.push(await stagePackage(stage, part, { id: name, name, weights, expand: false, signal }));
    }
  }
  return { layers, leftOut };
}

/** The result, or the reason why the model cannot be split. */
function splittable<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof MicrogridError && error.code === "unsupported-model") return error.message;
    throw error;
  }
}
