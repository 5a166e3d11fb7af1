/** Bundles the hostile page into one script for a page of the site. */
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { SitePage } from "../harness";

let script: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL("main.ts", import.meta.url));
  const lib = { entry, formats: ["iife" as const], name: "hostilePage" };
  const made = await build({ configFile: false, logLevel: "error", build: { lib, write: false, target: "es2022" } });
  const [output] = [made].flat();
  if (!output || !("output" in output)) throw new Error("The hostile page was not built.");
  return output.output[0].code;
}

/** Turns a page into a hostile one. Pass it to `openSite` as `prepare`. */
export async function hostile({ page }: SitePage): Promise<void> {
  script ??= bundle();
  await page.addInitScript({ content: await script });
}
