/** The benchmark itself: one group after the other, then the table. */
import { writeFile } from "node:fs/promises";
import type { BenchOptions, GroupName } from "./options.mjs";
import type { Group } from "./group";
import { ceiling } from "./groups/ceiling";
import { decode } from "./groups/decode";
import { prefill } from "./groups/prefill";
import { engines } from "./groups/engines";
import { formats } from "./groups/formats";
import { http } from "./groups/http";
import { handshake } from "./groups/handshake";
import { offline } from "./groups/offline";
import { loss } from "./groups/loss";
import { peer } from "./groups/peer";
import { roomsHostile } from "./groups/rooms-hostile";
import { roomsLarge } from "./groups/rooms-large";
import { pipeline } from "./groups/pipeline";
import { pipelineDelay } from "./groups/pipeline-delay";
import { pipelinePlan } from "./groups/pipeline-plan";
import { pipelineRepair } from "./groups/pipeline-repair";
import { roomsPages } from "./groups/rooms-pages";
import { sampler } from "./groups/sampler";
import { start } from "./groups/start";
import { together } from "./groups/together";
import { isKept, type Line } from "./line";
import { describe, thisMachine } from "./machine";
import { Stage } from "./stage";
import { table } from "./table";

const GROUPS: Readonly<Record<GroupName, Group>> = {
  start,
  offline,
  decode,
  prefill,
  engines,
  together,
  formats,
  http,
  peer,
  loss,
  ceiling,
  handshake,
  pipeline,
  "pipeline-delay": pipelineDelay,
  "pipeline-repair": pipelineRepair,
  "pipeline-plan": pipelinePlan,
  sampler,
  "rooms-pages": roomsPages,
  "rooms-large": roomsLarge,
  "rooms-hostile": roomsHostile,
};

/** Measures, prints the table, and gives whether everything could be measured. */
export async function main({ groups, json, scale }: BenchOptions): Promise<boolean> {
  const stage = await Stage.open();
  const lines: Line[] = [];
  const failures: string[] = [];
  try {
    const machine = thisMachine(await stage.browserVersion());
    for (const name of groups) {
      console.error(`measuring ${name} …`);
      const times = (usual: number): number => Math.max(1, Math.round(usual * scale));
      const say = (text: string): void => console.error(`  ${text}`);
      try {
        lines.push(...(await GROUPS[name]({ stage, times, say })));
      } catch (error) {
        failures.push(`${name} could not be measured: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    console.log(`\n${describe(machine)}\n\n${table(lines)}`);
    for (const failure of failures) console.log(`\n${failure}`);
    if (json !== undefined) {
      const figures = lines.map((line) => ({ ...line, kept: isKept(line) }));
      await writeFile(json, `${JSON.stringify({ machine, figures, failures }, undefined, 2)}\n`);
    }
  } finally {
    await stage.close();
  }
  return failures.length === 0;
}
