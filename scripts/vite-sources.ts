/** The plugins that every build of the sources needs: they serve imports that are not files. */
import type { Plugin } from "vite";
import { noPackagedFiles } from "./run/packaged-files.mjs";
import { fileSize } from "./run/file-size.mjs";
import { webllmCatalog } from "./vite-webllm-catalog.ts";

/** New plugins for one build; workers need their own. */
export function sourcePlugins(): Plugin[] {
  return [webllmCatalog(), fileSize(), noPackagedFiles()];
}
