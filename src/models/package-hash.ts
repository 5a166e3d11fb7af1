/** Identifies a model by its files. */
import { sha256Text } from "./sha256";

/**
 * The hash by which nodes know that they have the same model: SHA-256 over the sorted list of (path, SHA-256) of all files
 * that affect the output. Nodes with equal hashes have the same weights, tokenizer and defaults.
 */
export function packageHash(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${JSON.stringify(file.path)} ${file.sha256}`).sort();
  return sha256Text(["microgrid/1 package", ...lines, ""].join("\n"));
}
