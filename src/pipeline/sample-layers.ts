/** Cuts single layers out of a model in memory, so that an engine can compute them in two ways. */
import { MicrogridError } from "../core";
import type { SampleLayers, StagePackage } from "../inference";
import { stagePackage } from "./run/packages";
import { exemplaryLayers, readDecoder } from "./split";

/** Largest layer that is computed twice. One of 32 experts in 4 bits has about 530 MiB; others have far less. */
const MAX_LAYER_BYTES = 640 * 2 ** 20;
/** Most layers that are tried. Known models have one or two kinds. */
const MAX_LAYERS = 4;

/** Layers that together have all operators of the model; none if it cannot be split, and none that is too large. */
export const sampleLayers: SampleLayers = async (model, { signal }) => {
  const decoder = splittable(() => readDecoder(model.graphBytes, { sizes: model }));
  if (!decoder) return [];
  const files = new Map(model.external.map(({ path, data }) => [path, data]));
  const layers: StagePackage[] = [];
  for (const layer of exemplaryLayers(decoder).slice(0, MAX_LAYERS)) {
    if ((decoder.layerBytes[layer] ?? 0) > MAX_LAYER_BYTES) continue;
    const range = { embed: false, from: layer, to: layer + 1, head: false };
    const read = async (location: string, offset: number, length: number): Promise<Blob> => {
      const file = files.get(location);
      if (file) return file.slice(offset, offset + length);
      throw new MicrogridError("file-missing", `The model's file ${location} is missing. Load the model again.`);
    };
    const id = `layer ${layer}`;
    layers.push(await stagePackage(decoder, range, { id, name: id, weights: { read }, expand: false, signal }));
  }
  return layers;
};

function splittable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MicrogridError && error.code === "unsupported-model") return undefined;
    throw error;
  }
}
