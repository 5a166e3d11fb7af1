/** Writes `lib/`, the built part of the npm package. `npm pack` and `npm publish` run it first. */
import { run } from "./run/message.mjs";
import { ensureInstalled } from "./setup/install.mjs";

await run(async () => {
  await ensureInstalled();
  const { buildPackage } = await import("./build/package.mjs");
  await buildPackage();
});
