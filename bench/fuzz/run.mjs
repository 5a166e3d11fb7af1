/**
 * `npm run fuzz`: at least ten million hostile inputs for everything that reads bytes of strangers, over several
 * threads. `-- --inputs N --threads N --seed N` change that. Then measures the worst body of each kind of frame. Exit code 1 where an
 * input did harm, or a kind costs too much.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { run } from "../../scripts/run/message.mjs";
import { ensureInstalled } from "../../scripts/setup/install.mjs";

/** Most memory that a parser may still hold after all its inputs: caches of the runtime, and nothing that grows. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** A thread that needs more ends: an input has made it take memory without bound. */
const MAX_HEAP_MIB = 512;

/**
 * @typedef {object} Report
 * @property {string} name
 * @property {number} inputs
 * @property {number} accepted
 * @property {number} ms
 * @property {number} slowestMs
 * @property {number} heldBytes
 */

/** @typedef {{ costs: { kind: string, bytes: number, cost: number }[], most: number }} Costs */

/**
 * @template Message
 * @param {{ seed: number, inputs: number } | "costs"} workerData
 * @param {(report: Message) => void} onReport
 * @returns {Promise<void>}
 */
function thread(workerData, onReport) {
  const worker = new Worker(new URL("worker.mjs", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  worker.on("message", onReport);
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`A thread ended with code ${code}.`))));
  });
}

await run(async () => {
  const text = /** @type {const} */ ("string");
  const options = { inputs: { type: text }, threads: { type: text }, seed: { type: text } };
  const { values } = parseArgs({ options });
  const inputs = Number(values.inputs ?? 10_000_000);
  const threads = Number(values.threads ?? availableParallelism());
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  await ensureInstalled();
  console.log(`Feeding ${inputs.toLocaleString("en")} inputs in ${threads} threads, seed ${seed}.`);

  /** @type {Map<string, Report>} */
  const sums = new Map();
  const each = Math.ceil(inputs / threads);
  // Seeds of one thread never meet those of another.
  const seeds = Array.from({ length: threads }, (_, index) => (seed + index * Math.floor(2 ** 32 / threads)) >>> 0);
  await Promise.all(
    seeds.map((own) =>
      thread({ seed: own, inputs: each }, (/** @type {Report} */ report) => {
        const sum = sums.get(report.name);
        const all = [sum, report].filter((part) => part !== undefined);
        const add = (/** @type {"inputs" | "accepted" | "ms"} */ key) =>
          all.reduce((total, part) => total + part[key], 0);
        const most = (/** @type {"slowestMs" | "heldBytes"} */ key) => Math.max(...all.map((part) => part[key]));
        const totals = { inputs: add("inputs"), accepted: add("accepted"), ms: add("ms") };
        sums.set(report.name, { ...report, ...totals, slowestMs: most("slowestMs"), heldBytes: most("heldBytes") });
      }),
    ),
  );

  const rows = [...sums.values()].map(({ name, inputs: fed, accepted, ms, slowestMs, heldBytes }) => ({
    parser: name,
    inputs: fed.toLocaleString("en"),
    "accepted %": Number(((100 * accepted) / fed).toFixed(2)),
    "inputs/s": Math.round((1000 * fed) / ms),
    "slowest ms": Math.round(slowestMs),
    "held KiB": Math.round(heldBytes / 1024),
  }));
  console.table(rows);
  const greedy = [...sums.values()].filter(({ heldBytes }) => heldBytes > MAX_HELD_BYTES);
  const total = [...sums.values()].reduce((sum, report) => sum + report.inputs, 0);
  console.log(
    `${total.toLocaleString("en")} inputs: nothing was thrown but refusals, no prototype was touched` +
      (greedy.length === 0
        ? ", no memory was kept."
        : `; memory was kept by: ${greedy.map(({ name }) => name).join(", ")}.`),
  );
  // Alone, since other threads would disturb the measurement.
  let isCheap = false;
  await thread("costs", (/** @type {Costs} */ { costs, most }) => {
    const worst = costs.sort((one, other) => other.cost - one.cost).slice(0, 5);
    console.table(
      worst.map(({ kind, bytes, cost }) => ({ frame: kind, bytes, "times the reference": cost.toFixed(2) })),
    );
    const dear = costs.filter(({ cost }) => cost > most).map(({ kind }) => kind);
    isCheap = dear.length === 0;
    console.log(
      isCheap
        ? `A byte of any of ${costs.length} kinds of frames takes at most ${most} times as long as a byte of the reference.`
        : `These take more than ${most} times as long as the reference: ${dear.join(", ")}.`,
    );
  });
  process.exitCode = greedy.length === 0 && isCheap ? 0 : 1;
});
