/** Another build of the same sources, as the next version of the site: its id differs, and so do the names of its files. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceHash } from "../../scripts/build/fresh.mjs";

/** Holds one build, in a folder named after the sources that it was made from. */
const BUILDS = fileURLToPath(new URL("../../.cache/next-build", import.meta.url));

/** The folder of the next build. Takes as long as a build of the site, unless an earlier run has made it. */
export async function nextBuild(): Promise<string> {
  const folder = join(BUILDS, sourceHash());
  if (existsSync(folder)) return folder;
  // Several workers may build at the same time. The first to finish gives its build the final name.
  const outDir = join(BUILDS, randomUUID());
  const { buildModes } = await import("../../scripts/build/run.mjs");
  await buildModes({ outDir, id: "next", logLevel: "error" });
  await rename(outDir, folder).catch(() => rm(outDir, { recursive: true, force: true }));
  const outdated = readdirSync(BUILDS).filter((name) => name.length === 64 && join(BUILDS, name) !== folder);
  await Promise.all(outdated.map((name) => rm(join(BUILDS, name), { recursive: true, force: true })));
  return folder;
}
