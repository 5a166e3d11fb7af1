/** The hash by which nodes know that they have the same model. */
import { sha256Text } from "./sha256";

/**
 * SHA-256 over the sorted list of (path, SHA-256) of all files that decide a model's output. Nodes with equal
 * hashes have the same weights, tokenizer and defaults. Pieces of files, once they have hashes of their own,
 * do not change it.
 */
export function packageHash(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${JSON.stringify(file.path)} ${file.sha256}`).sort();
  return sha256Text(["microgrid/1 package", ...lines, ""].join("\n"));
}
