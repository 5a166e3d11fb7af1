/** Deletes files that a load has shown to be damaged, so that the next load gets new ones. */
import { MicrogridError } from "../core";
import type { Backend } from "../inference";
import type { ModelEntry } from "./entry";
import { knownListing, type PackageParts } from "./package-parts";
import type { ListedFile } from "./records";

/** The advice of errors about files, which is replaced by a better one. */
const ADVICE =
  / (Remove the model and load it again|Check the address that it came from|Try it on the CPU \(WASM\), or choose another model)\.$/;

/** Codes of errors that blame the files themselves. */
const DAMAGE: readonly string[] = ["file-corrupt", "not-a-model"];

/** The error of a model whose files were deleted because they may be damaged: another download may help. */
export class CopyDeleted extends MicrogridError {
  constructor({ code, message, cause }: MicrogridError) {
    super(code, message, { cause });
  }
}

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
  if (!(error instanceof MicrogridError) || entry.engine === "webllm" || !blamesFiles(error, backend)) return error;
  if (entry.origin.kind === "files") return advised(error, "Remove the model and add its files again.");
  const listing = knownListing(parts, entry) ?? [];
  const paths = new Set(parts.index.remembered(entry.id).packages.flatMap((known) => known.paths));
  const files = [...paths].map((path) => ({ path, sha256: listing.find((file) => file.path === path)?.sha256 }));
  return recheck(parts, entry, { error, files });
}

/**
 * The error to show if a look at these files of a model has failed. If it blames them, they are checked as after a failed
 * load.
 */
export async function withoutDamaged(
  parts: PackageParts,
  entry: ModelEntry,
  { error, files }: { readonly error: unknown; readonly files: readonly ListedFile[] },
): Promise<unknown> {
  if (!(error instanceof MicrogridError) || !DAMAGE.includes(error.code)) return error;
  return recheck(parts, entry, { error, files });
}

async function recheck(
  { index, store }: PackageParts,
  entry: ModelEntry,
  { error, files }: { readonly error: MicrogridError; readonly files: readonly ListedFile[] },
): Promise<unknown> {
  const deleted = await store.service.recheck(entry.id, files);
  if (deleted.length === 0) {
    return advised(
      error,
      "The files are what their host publishes, so another download will not help. Choose another model.",
    );
  }
  const packages = index
    .remembered(entry.id)
    .packages.filter((known) => !known.paths.some((path) => deleted.includes(path)));
  // Results of damaged files on the graphics card say nothing about new ones.
  await index.remember(entry.id, { packages, wrong: undefined, instead: undefined });
  const advice = "The copy here was deleted, since it may be damaged. Download it again.";
  return new CopyDeleted(advised(error, `${advice} If that does not help, choose another model.`));
}

/** Wrong results on a graphics card say nothing about files, because they may come from the card. */
function blamesFiles({ code }: MicrogridError, backend: Backend): boolean {
  return DAMAGE.includes(code) || (code === "wrong-results" && backend === "wasm");
}

function advised(error: MicrogridError, advice: string): MicrogridError {
  return new MicrogridError(error.code, `${error.message.replace(ADVICE, "")} ${advice}`, { cause: error });
}
