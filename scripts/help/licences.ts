/** The licences of the packages that a bundle contains. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A package, or a part of one with a licence of its own, of which some file is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The licence's identifier, as the package names it. */
  readonly licence: string;
  /** The text of the licence, if the package brings one. */
  readonly text: string | undefined;
}

/** Names under which packages keep the text of their licence. */
const LICENCE_FILE = /^(?:licen[cs]e|copying)/i;

/** The package that a file belongs to; undefined for our own files and those that the bundler makes. */
export function packageOf(moduleId: string): BundledPackage | undefined {
  const folder = /^(?!\0)(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId.replaceAll("\\", "/"))?.[1];
  if (folder === undefined || !existsSync(join(folder, "package.json"))) return undefined;
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    license?: string;
  };
  const own = dirname(moduleId.replaceAll("\\", "/"));
  const part = relative(folder, own);
  const text = part === "" ? undefined : licenceIn(own);
  if (text !== undefined) return { name: `${name}/${part}`, version, licence: "see its text", text };
  return { name, version, licence: license ?? "see its text", text: licenceIn(folder) };
}

/** Works that are compiled into a package which brings only its own licence. */
const COMPILED_IN: readonly { readonly name: string; readonly into: string; readonly licence: string }[] = [
  { name: "llama.cpp", into: "@wllama/wllama", licence: "MIT" },
];

/** A package, and the works that are compiled into it. */
export function withCompiledIn(bundled: BundledPackage): readonly BundledPackage[] {
  const parts = COMPILED_IN.filter(({ into }) => into === bundled.name).map(({ name, licence }) => ({
    name: `${name} in ${bundled.name}`,
    version: bundled.version,
    licence,
    text: readFileSync(join(import.meta.dirname, `${name}.txt`), "utf8").trim(),
  }));
  return [bundled, ...parts];
}

function licenceIn(folder: string): string | undefined {
  const file = readdirSync(folder).find((entry) => LICENCE_FILE.test(entry));
  return file === undefined ? undefined : readFileSync(join(folder, file), "utf8").trim();
}

/** Licences that ask for no more than their text. */
const PERMISSIVE = new Set(
  "MIT,MIT-0,ISC,0BSD,BSD-2-Clause,BSD-3-Clause,Apache-2.0,BlueOak-1.0.0,Zlib,CC0-1.0,Unlicense".split(","),
);
/** Parts with a licence of their own that somebody has read. */
const READ = new Set(["pdfjs-dist/cmaps"]);

/** The packages whose licence nobody has agreed to. One of several licences (`OR`) is enough. */
export function unknownLicences(packages: readonly BundledPackage[]): readonly BundledPackage[] {
  const isKnown = (licence: string): boolean =>
    licence
      .replaceAll(/[()]/g, "")
      .split(/ OR /i)
      .some((choice) => choice.split(/ AND /i).every((each) => PERMISSIVE.has(each.trim())));
  return packages.filter(({ name, licence }) => !isKnown(licence) && !READ.has(name));
}

/** The document that lists them: names first, then each licence's text. */
export function licencesText(packages: readonly BundledPackage[]): string {
  const names = packages.map(({ name, version, licence }) => `- ${name} ${version} (${licence})`);
  const texts = packages.map(
    ({ name, version, licence, text }) => `${"=".repeat(72)}\n${name} ${version} (${licence})\n\n${text ?? ""}`,
  );
  return `Microgrid contains code of these packages:\n\n${names.join("\n")}\n\n${texts.join("\n\n").trimEnd()}\n`;
}
