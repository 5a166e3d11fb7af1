/** Runs one simulation in a process of its own, which needs more memory, and a clock that nobody else looks at. */
import { fileURLToPath } from "node:url";
import { importTypeScript } from "../../scripts/run/typescript.mjs";

const begunAt = process.hrtime.bigint();
/** @type {(text: string) => void} */
const say = (text) => console.error(`  ${text} (${spent()})`);
const [scenario, ...numbers] = process.argv.slice(2);
const [nodes = 0, colluders = 0, keys = 0] = numbers.map(Number);
const figures = scenario === "room" ? await room() : await collusion();
process.stdout.write(JSON.stringify(figures), () => process.exit(0));

/** The real time and the heap so far: a thousand nodes take hours, and the clock of the simulation says nothing about that. */
function spent() {
  const minutes = Number((process.hrtime.bigint() - begunAt) / 1_000_000_000n) / 60;
  const gigabytes = process.memoryUsage().heapUsed / 1e9;
  return `after ${minutes.toFixed(1)} min, ${gigabytes.toFixed(1)} GB`;
}

async function room() {
  /** @type {{ measureRoom(nodes: number, say: (text: string) => void): Promise<object> }} */
  const { measureRoom } = await importTypeScript(fileURLToPath(new URL("measure.ts", import.meta.url)));
  return measureRoom(nodes, say);
}

async function collusion() {
  /** @type {{ measureCollusion(options: object, say: (text: string) => void): Promise<object> }} */
  const { measureCollusion } = await importTypeScript(fileURLToPath(new URL("collusion.ts", import.meta.url)));
  return measureCollusion({ nodes, colluders, keys }, say);
}
