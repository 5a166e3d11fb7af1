/** How the site and the embeddable bundle are built: builds of one source, chosen by `--mode`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type PluginOption, type UserConfig } from "vite";
import { contentSecurityPolicy } from "./scripts/vite-csp.ts";
import { siteFiles } from "./scripts/vite-site-files.ts";
import { BundledPackages, helpFiles, notices } from "./scripts/vite-help.ts";
import { packagedFiles, plainAddresses, plainImports, withoutLibrary } from "./scripts/vite-package.ts";
import { sourcePlugins } from "./scripts/vite-sources.ts";

/** Where the site goes; the build script may say otherwise. */
const OUT_DIR = process.env.MICROGRID_OUT_DIR ?? "dist";
/** Tells builds apart: tabs of two builds of the site do not talk to each other. */
const BUILD = process.env.MICROGRID_BUILD ?? "dev";
/** The version of the package, which the help shows. */
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string };
/** Folder that only holds chunks, workers and wasm: everything in it has a hash in its name. */
const ASSETS = "assets";
/** Takes the place of Lit's directive, which the page's Content-Security-Policy would stop. */
const STYLE_MAP = fileURLToPath(new URL("src/ui/styles/style-map.ts", import.meta.url));

/** What both builds share. Relative URLs everywhere, so that any base path works. */
function common(plugins: () => PluginOption[]): UserConfig {
  return {
    base: "./",
    plugins: plugins(),
    define: {
      "import.meta.env.MICROGRID_BUILD": JSON.stringify(BUILD),
      "import.meta.env.MICROGRID_VERSION": JSON.stringify(version),
    },
    resolve: {
      alias: [{ find: /^lit\/directives\/style-map\.js$/, replacement: STYLE_MAP }],
    },
    worker: { format: "es", plugins },
    build: {
      target: "es2022",
      // The engines' wasm files must stay files: streaming compilation and the HTTP cache need URLs.
      assetsInlineLimit: 0,
      manifest: true,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 10_000,
    },
  };
}

/** `dist/`: the page and all it loads. */
function site(shared: UserConfig, packages: BundledPackages): UserConfig {
  const plugins = [...(shared.plugins ?? []), contentSecurityPolicy(), helpFiles(packages)];
  return { ...shared, plugins, build: { ...shared.build, outDir: OUT_DIR, emptyOutDir: true, assetsDir: ASSETS } };
}

/**
 * `dist/embed/`: one module with a stable name, its chunks and workers beside it. Nothing outside this folder
 * but the models is needed, so a site can copy it to a host of its own.
 */
function embed(shared: UserConfig): UserConfig {
  return {
    ...shared,
    plugins: [...(shared.plugins ?? []), plainImports()],
    // The custom-elements manifest goes beside the script.
    publicDir: "src/embed/public",
    build: {
      ...shared.build,
      outDir: `${OUT_DIR}/embed`,
      emptyOutDir: true,
      assetsDir: ASSETS,
      // The head of the page that embeds it is not ours to write to.
      modulePreload: false,
      rolldownOptions: {
        input: { microgrid: "src/embed/index.ts" },
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "[name].js" },
      },
    },
  };
}

/**
 * `dist/site-worker.js`: the Service Worker, one classic script at the root of the site, whose whole scope it serves. It
 * is built last, since it has the list of the site's files in it.
 */
function siteWorker(shared: UserConfig): UserConfig {
  return {
    ...shared,
    plugins: [...(shared.plugins ?? []), siteFiles(OUT_DIR, BUILD)],
    publicDir: false,
    build: {
      ...shared.build,
      outDir: OUT_DIR,
      emptyOutDir: false,
      manifest: false,
      rolldownOptions: {
        input: { "site-worker": "workers/site.ts" },
        output: { format: "iife", entryFileNames: "[name].js" },
      },
    },
  };
}

/** `lib/`: the modules of the npm package. `scripts/package.mjs` adds the types. */
function npmPackage(packages: BundledPackages): UserConfig {
  const shared = common(() => [...sourcePlugins(), packages.collector()]);
  return {
    ...shared,
    publicDir: false,
    plugins: [
      ...(shared.plugins ?? []),
      packagedFiles(packages.collector()),
      plainImports(),
      plainAddresses(),
      notices(packages),
    ],
    worker: {
      format: "es",
      plugins: () => [...sourcePlugins(), packages.collector(), withoutLibrary()],
      // A bundler copies a worker as one file.
      rolldownOptions: { output: { codeSplitting: false } },
    },
    build: {
      ...shared.build,
      outDir: "lib",
      emptyOutDir: true,
      assetsDir: ASSETS,
      manifest: false,
      modulePreload: false,
      rolldownOptions: {
        input: { index: "src/package/index.ts", elements: "src/package/elements.ts" },
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
      },
    },
  };
}

export default defineConfig(({ mode }) => {
  const packages = new BundledPackages();
  if (mode === "package") return npmPackage(packages);
  const shared = common(() => [...sourcePlugins(), packages.collector()]);
  if (mode === "embed") return embed(shared);
  return mode === "site-worker" ? siteWorker(shared) : site(shared, packages);
});
