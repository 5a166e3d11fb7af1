/** Writes the Content-Security-Policy into the built page, so that it holds on any web host. */
import type { PluginOption } from "vite";
import { META_POLICY } from "./serve/csp.mjs";

/** The dev server's page stays without: it works with inline scripts. */
export function contentSecurityPolicy(): PluginOption {
  return {
    name: "microgrid-csp",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: META_POLICY },
        // It holds for what stands behind it.
        injectTo: "head-prepend",
      },
    ],
  };
}
