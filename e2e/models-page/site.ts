/** Builds a bare page of this folder's kind and serves it, for specs that need no app. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, preview } from "vite";
import { webllmCatalog } from "../../scripts/vite-webllm-catalog";

/** A page that is being served. */
export interface BareSite {
  readonly url: string;
  stop(): Promise<void>;
}

/** `folder` is below `e2e/`; `port` is the first that is tried. */
export async function serveBarePage(folder: string, port: number): Promise<BareSite> {
  const root = resolve(import.meta.dirname, "..", folder);
  const outDir = await mkdtemp(join(tmpdir(), "microgrid-page-"));
  const plugins = [webllmCatalog()];
  const common = { root, configFile: false, base: "./", logLevel: "error" } as const;
  await build({
    ...common,
    plugins,
    publicDir: resolve(import.meta.dirname, "../../public"),
    worker: { format: "es", plugins: () => plugins },
    build: { outDir, emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 10_000 },
  });
  const server = await preview({ ...common, build: { outDir }, preview: { port, host: "127.0.0.1" } });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("The page's server has no address.");
  return {
    url,
    async stop() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
