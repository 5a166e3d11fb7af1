/** Weights from files that are in memory. For tests; never bundled. */
import { MicrogridError } from "../../core";
import type { WeightSource } from "../run/packages";

/** The weights of a model whose files are all in memory. */
export function weightsInFiles(files: ReadonlyMap<string, Blob>): WeightSource {
  return {
    read: (location, offset, length) => {
      const file = files.get(location);
      if (!file) return Promise.reject(missing(location));
      if (file.size >= offset + length) return Promise.resolve(file.slice(offset, offset + length));
      const text = `The model's file ${location} is cut off. Remove the model and load it again.`;
      return Promise.reject(new MicrogridError("file-corrupt", text));
    },
  };
}

function missing(location: string): MicrogridError {
  return new MicrogridError("file-missing", `The model's file ${location} is missing. Load the model again.`);
}
