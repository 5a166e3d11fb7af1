/** Reads the header of a GGUF file in the store worker: vocabularies have megabytes. */
import { MicrogridError, type RangeSource, fileSource } from "../core";
import { readGguf, requireKnownTokenizer } from "../gguf";
import { FileRanges } from "./file-ranges";
import type { FileRequest, GgufSummary } from "./store-protocol";

/** A file that is here. Rejects like `readGguf`, and with `unsupported-model` if this app cannot run the model. */
export async function summarizeFile(file: Blob, signal: AbortSignal): Promise<GgufSummary> {
  return summarize(fileSource(file, signal));
}

/** A file on hosts; undefined if it cannot be read in parts. */
export async function summarizeRemote(
  { path, urls, bytes }: Pick<FileRequest, "path" | "urls" | "bytes">,
  signal: AbortSignal,
): Promise<GgufSummary | undefined> {
  if (bytes === undefined || urls.length === 0) return undefined;
  const ranges = new FileRanges({ path, urls });
  let whole = false;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const part = await ranges.read(offset, length, { signal }).catch((error: unknown) => {
      whole = error instanceof MicrogridError && error.code === "unsupported-model";
      throw error;
    });
    return new Uint8Array(await part.arrayBuffer());
  };
  try {
    return await summarize({ bytes, read });
  } catch (error) {
    if (whole) return undefined;
    throw error;
  }
}

async function summarize(source: RangeSource): Promise<GgufSummary> {
  const facts = await readGguf(source);
  if (facts.embeds) {
    throw new MicrogridError(
      "unsupported-model",
      "This GGUF model makes embeddings, and only ONNX and WebLLM models do that here. Choose one of these.",
    );
  }
  requireKnownTokenizer(facts.metadata);
  return { contextLength: facts.contextLength };
}
