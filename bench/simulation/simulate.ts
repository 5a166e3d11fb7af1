/** Runs a simulation in a process of its own: its clock is that of the whole process. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../scripts/run/spawn.mjs";

/** Enough for a thousand nodes that each know a thousand members. */
const HEAP_MB = 14_336;

/** The figures of a scenario of `child.mjs`, which takes these numbers. Throws if there are none. */
export async function simulate<Figures>(scenario: string, numbers: readonly number[]): Promise<Figures> {
  const script = join(ROOT, "bench", "simulation", "child.mjs");
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, script, scenario, ...numbers.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (text === "") throw new Error(`the simulation of ${numbers[0]} nodes ended without figures`);
  return JSON.parse(text) as Figures;
}
