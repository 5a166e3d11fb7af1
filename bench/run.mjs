/** `npm run bench`: measures the project's targets on this machine, and prints one table. */
import { join } from "node:path";
import { run } from "../scripts/run/message.mjs";
import { ROOT } from "../scripts/run/spawn.mjs";
import { withTypeScript } from "../scripts/run/typescript.mjs";
import { ensureBrowser } from "../scripts/setup/browser.mjs";
import { ensureInstalled } from "../scripts/setup/install.mjs";
import { benchOptions } from "./options.mjs";

/** @typedef {{ main(options: import("./options.mjs").BenchOptions): Promise<boolean> }} Bench */

await run(async () => {
  const options = benchOptions(process.argv.slice(2));
  await ensureInstalled();
  if (!process.env["MICROGRID_DIST"]) {
    const { buildAll } = await import("../scripts/build/run.mjs");
    await buildAll();
  }
  process.env["MICROGRID_CHROMIUM"] = await ensureBrowser();
  await withTypeScript(join(ROOT, "bench", "main.ts"), async (/** @type {Bench} */ bench) => {
    process.exitCode = (await bench.main(options)) ? 0 : 1;
  });
});
