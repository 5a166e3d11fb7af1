/** Deletes files that a load has shown to be damaged, so that the next load gets new ones. */
import { MicrogridError } from "../core";
import type { Backend } from "../inference";
import type { ModelEntry } from "./entry";
import { knownListing, type PackageParts } from "./packages";

/** The advice of errors about files, which is replaced by a better one. */
const ADVICE =
  / (Remove the model and load it again|Check the address that it came from|Try it on the CPU \(WASM\), or choose another model)\.$/;

/**
 * Judges a load that failed after the files were complete. If the failure may come from damaged files, those that do not
 * have their published hash are deleted, and so are those without one, since nobody can tell. Returns the error to show,
 * which says what to do then.
 */
export async function afterFailedLoad(
  parts: PackageParts,
  entry: ModelEntry,
  { error, backend }: { readonly error: unknown; readonly backend: Backend },
): Promise<unknown> {
  if (!(error instanceof MicrogridError) || entry.engine !== "onnx" || !blamesFiles(error, backend)) return error;
  if (entry.origin.kind === "files") return advised(error, "Remove the model and add its files again.");
  const { index, store } = parts;
  const listing = knownListing(parts, entry) ?? [];
  const remembered = index.remembered(entry.id);
  const paths = new Set(remembered.packages.flatMap((known) => known.paths));
  const files = [...paths].map((path) => ({ path, sha256: listing.find((file) => file.path === path)?.sha256 }));
  const deleted = await store.service.recheck(entry.id, files);
  if (deleted.length === 0) {
    return advised(
      error,
      "The files are what their host publishes, so another download will not help. Choose another model.",
    );
  }
  const packages = remembered.packages.filter((known) => !known.paths.some((path) => deleted.includes(path)));
  // Results of damaged files on the graphics card say nothing about new ones.
  await index.remember(entry.id, { packages, wrong: undefined, instead: undefined });
  return advised(
    error,
    "The copy here was deleted, since it may be damaged. Download it again. If that does not help, choose another model.",
  );
}

/** Wrong results on a graphics card say nothing about files, because they may come from the card. */
function blamesFiles({ code }: MicrogridError, backend: Backend): boolean {
  return code === "file-corrupt" || code === "not-a-model" || (code === "wrong-results" && backend === "wasm");
}

function advised(error: MicrogridError, advice: string): MicrogridError {
  return new MicrogridError(error.code, `${error.message.replace(ADVICE, "")} ${advice}`, { cause: error });
}
