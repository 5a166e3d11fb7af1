/** The WebLLM catalog at build time: the page lists its models without loading the library. */
import type { Plugin } from "vite";

const MODULE = "virtual:webllm-catalog";
const RESOLVED = `\0${MODULE}`;

/** Serves `virtual:webllm-catalog`: the installed library's own model list, as plain data. */
export function webllmCatalog(): Plugin {
  return {
    name: "webllm-catalog",
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const { prebuiltAppConfig } = await import("@mlc-ai/web-llm");
      return `export const models = ${JSON.stringify(prebuiltAppConfig.model_list)};`;
    },
  };
}
