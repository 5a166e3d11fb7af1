/** Writes into `src/models/embedded.json` the files of the embedded model, with their sizes and hashes. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const target = "src/models/embedded.json";
const { id, name, folder: address } = JSON.parse(readFileSync(target, "utf8"));
const folder = join("public", address);
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()
  .map((file) => {
    const content = readFileSync(file);
    const path = relative(folder, file).replaceAll("\\", "/");
    return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  });

const { max_position_embeddings: contextLength } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
const manifest = { id, name, folder: address, contextLength, files };
writeFileSync(target, `${JSON.stringify(manifest, null, 2)}\n`);
