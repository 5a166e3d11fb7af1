/** Exported names that no other file imports, by the text of the import and export statements. */
import { posix } from "node:path";

/** A component's class is exported, since only its decorator uses it. */
const DECLARED =
  /(?<!@customElement\([^)]*\)\n)^export (?:declare |abstract |async )*(?:const|let|function\*?|class|interface|type) (\w+)/gm;
const LISTED = /^(import|export) (?:type )?(?:\w+, )?(?:(\*)(?: as \w+)?|\{([^}]*)\})(?: from "(\.[^"]*)")?;$/gm;
const DYNAMIC = /(?:\{ ([^}]*) \} = await )?\bimport\("(\.[^"]*)"\)/g;

/**
 * @param {ReadonlyMap<string, string>} texts The files' content by path.
 * @returns {string[]} lines such as `src/core/ids.ts: newId`; a name that an index passes on counts there too
 */
export function unusedExports(texts) {
  /** @type {Map<string, Map<string, string>>} By path and exported name: the other file's `path name` it comes from. */
  const exported = new Map();
  /** @type {Map<string, string[]>} By path: the files of which it passes on everything. */
  const passedOn = new Map();
  /** @type {[path: string, name: string][]} */
  const imported = [];
  for (const [path, text] of texts) {
    /** @param {string} specifier */
    const resolve = (specifier) => {
      const base = posix.join(posix.dirname(path), specifier);
      return [base, `${base}.ts`, `${base}/index.ts`].find((each) => texts.has(each)) ?? base;
    };
    const names = new Map([...text.matchAll(DECLARED)].map(([, name = ""]) => [name, ""]));
    for (const [, verb, star, list = "", specifier] of text.matchAll(LISTED)) {
      const from = specifier && resolve(specifier);
      const pairs = list.matchAll(/(?:type )?\b(\w+)(?: as (\w+))?/g);
      if (verb === "export") {
        if (star && from) passedOn.set(path, [...(passedOn.get(path) ?? []), from]);
        for (const [, name = "", alias = name] of pairs) names.set(alias, from ? `${from} ${name}` : "");
      } else if (from) {
        if (star) imported.push([from, "*"]);
        for (const [, name = ""] of pairs) imported.push([from, name]);
      }
    }
    for (const [, list = "*", specifier = ""] of text.matchAll(DYNAMIC)) {
      for (const name of list.split(", ")) imported.push([resolve(specifier), name]);
    }
    exported.set(path, names);
  }

  const used = new Set();
  /** @type {(path: string, name: string) => void} */
  const use = (path, name) => {
    if (used.has(`${path} ${name}`)) return;
    used.add(`${path} ${name}`);
    const names = exported.get(path);
    for (const each of name === "*" ? (names?.keys() ?? []) : []) use(path, each);
    const origin = names?.get(name);
    if (origin) use(.../** @type {[string, string]} */ (origin.split(" ")));
    else if (origin === undefined) for (const each of passedOn.get(path) ?? []) use(each, name);
  };
  for (const [path, name] of imported) use(path, name);
  return [...exported].flatMap(([path, names]) =>
    [...names.keys()].filter((name) => !used.has(`${path} ${name}`)).map((name) => `${path}: ${name}`),
  );
}
