/** `npm run shape`: figures about the code, of this checkout or, with `-- --against DIR`, of two side by side. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";
import { figuresOf } from "./shape/figures.mjs";
import { report } from "./shape/report.mjs";

await run(async () => {
  const { values } = parseArgs({ options: { root: { type: "string" }, against: { type: "string" } } });
  const now = figuresOf(values.root ? resolve(values.root) : ROOT);
  const before = values.against ? figuresOf(resolve(values.against)) : undefined;
  console.log(report(now, before));
});
