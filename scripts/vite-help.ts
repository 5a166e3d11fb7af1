/** The documents and licences that the built site carries, so that its help needs no other host. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { helpPage } from "./help/page.ts";
import { type BundledPackage, licencesText, packageOf, unknownLicences, withCompiledIn } from "./help/licences.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Folder of the built site; `src/ui/help/help-dialog.ts` links to it. */
const FOLDER = "help";

/** Collects the packages in all bundles of one build, the page and its workers, and of the files beside them. */
export class BundledPackages {
  readonly #found = new Map<string, BundledPackage>();

  /** A plugin for each bundle of the build. */
  collector(): Plugin {
    return {
      name: "microgrid-bundled-packages",
      apply: "build",
      generateBundle: (_options, bundle) => {
        for (const chunk of Object.values(bundle)) {
          const files =
            chunk.type === "chunk" ? chunk.moduleIds : chunk.originalFileNames.map((file) => join(ROOT, file));
          for (const id of files) {
            const found = packageOf(id);
            for (const each of found ? withCompiledIn(found) : [])
              this.#found.set(`${each.name}@${each.version}`, each);
          }
        }
      },
    };
  }

  /** All of them, by name. */
  list(): readonly BundledPackage[] {
    return [...this.#found.values()].sort((a, b) => a.name.localeCompare(b.name));
  }
}

/** Writes the licences of the bundled packages into one file of the npm package. */
export function notices(packages: BundledPackages): Plugin {
  return {
    name: "microgrid-notices",
    apply: "build",
    generateBundle: {
      order: "post",
      handler() {
        this.emitFile({ type: "asset", fileName: "third-party.txt", source: licencesText(packages.list()) });
      },
    },
  };
}

/** Writes `help/`: a page for each document, the licence of Microgrid, and those of the bundled packages. */
export function helpFiles(packages: BundledPackages): Plugin {
  return {
    name: "microgrid-help",
    apply: "build",
    generateBundle: {
      // Workers are bundled before the page, and the collector of the page comes before this.
      order: "post",
      handler() {
        const emit = (name: string, source: string): void =>
          void this.emitFile({ type: "asset", fileName: `${FOLDER}/${name}`, source });
        for (const name of readdirSync(join(ROOT, "docs")).filter((each) => each.endsWith(".md"))) {
          emit(...helpPage(`docs/${name}`, readFileSync(join(ROOT, "docs", name), "utf8")));
        }
        emit("help.css", readFileSync(join(ROOT, "scripts/help/help.css"), "utf8"));
        emit("licence.txt", readFileSync(join(ROOT, "LICENSE"), "utf8"));
        const unknown = unknownLicences(packages.list()).map(({ name, licence }) => `${name} (${licence})`);
        if (unknown.length > 0) {
          this.error(`Nobody has agreed to these licences: ${unknown.join(", ")}. See scripts/help/licences.ts.`);
        }
        emit("third-party.txt", licencesText(packages.list()));
      },
    },
  };
}
