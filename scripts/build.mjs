/** `npm run build`: writes `dist/` and `dist/embed/`. `-- --out DIR` writes somewhere else. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./run/message.mjs";
import { ensureInstalled } from "./setup/install.mjs";

await run(async () => {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  await ensureInstalled();
  const { buildAll } = await import("./build/run.mjs");
  await buildAll({ force: true, ...(values.out && { outDir: resolve(values.out) }) });
});
