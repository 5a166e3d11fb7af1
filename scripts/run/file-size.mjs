/** The size of a file at build time, for progress: a server that compresses it does not tell how much will come. */
import { statSync } from "node:fs";

const QUERY = "?size";
const RESOLVED = "\0size:";

/**
 * Serves `import { bytes } from "FILE?size"`.
 * @returns {import("vite").Plugin}
 */
export function fileSize() {
  return {
    name: "microgrid-file-size",
    enforce: "pre",
    async resolveId(id, importer) {
      if (!id.endsWith(QUERY)) return undefined;
      const found = await this.resolve(id.slice(0, -QUERY.length), importer, { skipSelf: true });
      // Encoded, since test runners leave modules of `node_modules` to Node, which does not know this one.
      return found && `${RESOLVED}${Buffer.from(found.id).toString("base64url")}`;
    },
    load: (id) =>
      id.startsWith(RESOLVED)
        ? `export const bytes = ${statSync(Buffer.from(id.slice(RESOLVED.length), "base64url").toString()).size};`
        : undefined,
  };
}
