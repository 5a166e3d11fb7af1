/**
 * Writes the guide model as a GGUF file, for tests and for other programs.
 * Usage: node scripts/guide-gguf/write.mjs OUT.gguf [f32|q4_0]
 */
import { writeFileSync } from "node:fs";
import { CommandError, run } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import { importTypeScript } from "../run/typescript.mjs";

await run(async () => {
  const [path, format = "f32", ...more] = process.argv.slice(2);
  if (path === undefined || !["f32", "q4_0"].includes(format) || more.length > 0) {
    throw new CommandError("Name the file to write, and its format: f32 or q4_0.");
  }
  /** @type {{ guideGguf(format: string): Uint8Array }} */
  const { guideGguf } = await importTypeScript(`${ROOT}/scripts/guide-gguf/gguf.ts`);
  writeFileSync(path, guideGguf(format));
});
