/** One thread of `npm run fuzz`: feeds each parser its share of the inputs and reports, or measures the costs of frames. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { createServer } from "vite";
import { ROOT } from "../../scripts/run/spawn.mjs";
import { NODE_SYNTAX, importTypeScript } from "../../scripts/run/typescript.mjs";

setFlagsFromString("--expose-gc");
/** @type {() => void} */
const collectGarbage = runInNewContext("gc");

/** Memory that is still held after a collection, bytes. */
function held() {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** @typedef {{ name: string, weight: number }} Target */

/** @type {{ seed: number, inputs: number } | "costs"} */
const work = workerData;
/** @type {{ sourcePlugins(): import("vite").Plugin[] }} */
const { sourcePlugins } = await importTypeScript("./scripts/vite-sources.ts");
// Node 20 runs no TypeScript. The server stays, since some libraries are loaded when they are first used.
const vite = await createServer({
  root: ROOT,
  configFile: false,
  logLevel: "error",
  oxc: NODE_SYNTAX,
  plugins: sourcePlugins(),
  appType: "custom",
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
/**
 * @template Module
 * @param {string} name
 * @returns {Promise<Module>}
 */
async function load(name) {
  return /** @type {Module} */ (await vite.ssrLoadModule(`/bench/fuzz/${name}`));
}
if (work === "costs") await measureCosts();
else await feed(work);
await vite.close();

async function measureCosts() {
  /** @type {{ worstCosts(): object[], MAX_COST: number }} */
  const { worstCosts, MAX_COST } = await load("costs.ts");
  parentPort?.postMessage({ costs: worstCosts(), most: MAX_COST });
}

/** @param {{ seed: number, inputs: number }} share */
async function feed({ seed, inputs }) {
  /** @type {{ fuzz(target: Target, options: { inputs: number, seed: number }): Promise<object> }} */
  const { fuzz } = await load("session.ts");
  /** @type {{ TARGETS: readonly Target[] }} */
  const { TARGETS } = await load("targets.ts");
  const weights = TARGETS.reduce((sum, { weight }) => sum + weight, 0);
  for (const target of TARGETS) {
    const share = Math.ceil((inputs * target.weight) / weights);
    await fuzz(target, { inputs: Math.min(200, share), seed });
    const before = held();
    const outcome = await fuzz(target, { inputs: share, seed });
    parentPort?.postMessage({ name: target.name, ...outcome, heldBytes: held() - before });
  }
}
