/** Writes `src/models/embedded.json`: the files of the embedded model with their sizes and hashes. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const folder = "public/models/guide";
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
const manifest = { id: "guide", name: "Guide", folder: "models/guide/", contextLength, files };
writeFileSync("src/models/embedded.json", `${JSON.stringify(manifest, null, 2)}\n`);
