/** Runs one simulation in a process of its own, which needs more memory, and a clock that nobody else looks at. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
/** @type {{ module: { measureRoom(nodes: number, say: (text: string) => void): Promise<object> } }} */
const { module } = await runnerImport(join(here, "measure.ts"), {
  root: join(here, "..", ".."),
  configFile: false,
  logLevel: "error",
});
const figures = await module.measureRoom(Number(process.argv[2]), (text) => console.error(`  ${text}`));
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
