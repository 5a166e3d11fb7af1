/** Builds the npm package: its modules by Vite, and declarations that need no other package. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { build } from "vite";
import { CommandError } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import { sourceHash } from "./fresh.mjs";

const OUT_DIR = join(ROOT, "lib");
const ENTRIES = { index: "src/package/index.ts", elements: "src/package/elements.ts" };

/** Writes `lib/`. Rejects with a `CommandError` if something does not build. */
export async function buildPackage() {
  process.env["MICROGRID_BUILD"] = sourceHash();
  try {
    await build({
      root: ROOT,
      configFile: join(ROOT, "vite.config.ts"),
      mode: "package",
      logLevel: "warn",
      build: { rolldownOptions: { checks: { pluginTimings: false } } },
    });
    await writeTypes();
    copyFileSync(join(ROOT, "src/package/react.d.ts"), join(OUT_DIR, "react.d.ts"));
    writeManifest();
  } catch (error) {
    throw new CommandError(`The package cannot be built. ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes the custom-elements manifest, whose path is that of the package's entry. */
function writeManifest() {
  const manifest = JSON.parse(readFileSync(join(ROOT, "src/embed/public/custom-elements.json"), "utf8"));
  manifest.modules[0].path = "lib/elements.js";
  writeFileSync(join(OUT_DIR, "custom-elements.json"), JSON.stringify(manifest, null, 2));
}

/**
 * Removes aliases of themselves, which TypeScript refuses: what a namespace passes on from its own module under the same name.
 * @type {import("rolldown").Plugin}
 */
const withoutCircles = {
  name: "microgrid-without-circles",
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") file.code = file.code.replace(/^ *type (\w+) = \1;\n/gm, "");
    }
  },
};

/** Writes the declarations. Types of libraries are copied in, so that they are there without these libraries. */
async function writeTypes() {
  const bundle = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    plugins: [
      dts({ emitDtsOnly: true, tsconfig: "src/tsconfig.json", compilerOptions: { stripInternal: true } }),
      withoutCircles,
    ],
    // The insides of OpenAI's client; its shapes of requests and answers, which are copied, do not name it.
    external: (_, importer) => importer?.includes("/openai/internal/"),
  });
  const { output } = await bundle.write({ dir: OUT_DIR, chunkFileNames: "chunks/[name].js" });
  await bundle.close();
  const foreign = output.flatMap((file) =>
    file.type === "chunk"
      ? [...file.code.matchAll(/(?:from|import\() ?"(?!\.\/)([^"]*)"/g)].map(([, name]) => name)
      : [],
  );
  if (foreign.length > 0) throw new Error(`Its types need other packages: ${[...new Set(foreign)].join(", ")}.`);
}
