/** `npm run bench:gpu`: measures prefill and decode on the GPU of this machine, with random models in the shapes of real ones. */
import { join } from "node:path";
import { run } from "../../scripts/run/message.mjs";
import { ROOT } from "../../scripts/run/spawn.mjs";
import { withTypeScript } from "../../scripts/run/typescript.mjs";
import { ensureBrowser } from "../../scripts/setup/browser.mjs";
import { ensureInstalled } from "../../scripts/setup/install.mjs";
import { gpuBenchOptions } from "./options.mjs";

/** @typedef {{ main(options: import("./options.mjs").GpuBenchOptions): Promise<boolean> }} GpuBench */

await run(async () => {
  const options = gpuBenchOptions(process.argv.slice(2));
  await ensureInstalled();
  process.env["MICROGRID_CHROMIUM"] = await ensureBrowser();
  await withTypeScript(join(ROOT, "bench", "gpu", "main.ts"), async (/** @type {GpuBench} */ bench) => {
    process.exitCode = (await bench.main(options)) ? 0 : 1;
  });
});
