/**
 * Builds the npm package so that any bundler finds its files. A bundler copies the file of `new URL("FILE", import.meta.url)`
 * under a name of its own, so each such file has to be whole: it may not look for others beside it.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, type Rolldown, build } from "vite";
import { PACKAGED_FILES } from "./run/packaged-files.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RESOLVED = `\0${PACKAGED_FILES}`;
/** The library that is a file of its own: it is larger than all other code together, and one engine needs it. */
const LIBRARY = "@mlc-ai/web-llm";
/** Vite makes text of files that are smaller, unless their address says no; policies of pages may forbid such text. */
const INLINE_BELOW_BYTES = 4096;
const NO_INLINE = "?no-inline";
const FILE_ADDRESS = /new URL\((?:`([^`$]+)`|"([^"]+)"|'([^']+)'), ?import\.meta\.url\)/g;

/** Takes precedence in the build of the package: serves `virtual:packaged-files` with the embedded model and the WebLLM library as files of the package. */
export function packagedFiles(collector: Plugin): Plugin {
  return {
    name: "microgrid-packaged-files",
    enforce: "pre",
    resolveId: (id) => (id === PACKAGED_FILES ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const address = (name: string, source: string | Uint8Array): string =>
        `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: "asset", name, source })}`;
      const library = address("web-llm.js", await bundledLibrary(collector));
      const { folder, files } = JSON.parse(readFileSync(join(ROOT, "src/models/embedded.json"), "utf8")) as {
        folder: string;
        files: { path: string }[];
      };
      const embedded = files.map(({ path }) => {
        const content = readFileSync(join(ROOT, "public", folder, path));
        return `${JSON.stringify(path)}: ${address(basename(path), content)}`;
      });
      return `export const webllm = ${library};\nexport const embedded = { ${embedded.join(", ")} };`;
    },
  };
}

/** Imports modules as they are. Vite's helper loads their styles first, of which there are none, and confuses other bundlers. */
export function plainImports(): Plugin {
  return {
    name: "microgrid-plain-imports",
    enforce: "pre",
    load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined),
  };
}

/** For workers of the package: they get the library by its address, so their own bundle is without it. */
export function withoutLibrary(): Plugin {
  return {
    name: "microgrid-without-library",
    enforce: "pre",
    resolveId: (id) => (id === LIBRARY ? { id: `\0${LIBRARY}`, external: false } : undefined),
    load: (id) => (id === `\0${LIBRARY}` ? "export let MLCEngine, ModelType, prebuiltAppConfig;" : undefined),
  };
}

/** Writes the addresses of files as every bundler knows them: `new URL("./FILE", import.meta.url)`. */
export function plainAddresses(): Plugin {
  return {
    name: "microgrid-plain-addresses",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== "chunk") continue;
          chunk.code = chunk.code.replace(FILE_ADDRESS, (_, ...[a, b, c]: (string | undefined)[]) => {
            const address = a ?? b ?? c ?? "";
            const file = join(dirname(chunk.fileName), address).replaceAll("\\", "/");
            const small = sizeOf(bundle[file]) < INLINE_BELOW_BYTES;
            const relative = address.startsWith(".") ? address : `./${address}`;
            return `new URL(${JSON.stringify(relative + (small ? NO_INLINE : ""))}, import.meta.url)`;
          });
        }
      },
    },
  };
}

function sizeOf(file: Rolldown.OutputAsset | Rolldown.OutputChunk | undefined): number {
  if (file === undefined) return Infinity;
  return Buffer.byteLength(file.type === "chunk" ? file.code : file.source);
}

async function bundledLibrary(collector: Plugin): Promise<string> {
  const built = (await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    plugins: [collector],
    build: {
      write: false,
      target: "es2022",
      rolldownOptions: { input: LIBRARY, preserveEntrySignatures: "strict", output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput;
  return built.output[0].code;
}
