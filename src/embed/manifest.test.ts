/** The custom-elements manifest says what the elements really have. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MicrogridChat } from "./chat-element";
import { MicrogridNode } from "./node-element";
import { MicrogridRoom } from "./room-element";

interface Named {
  readonly name: string;
}
interface Declaration {
  readonly name: string;
  readonly tagName: string;
  readonly attributes: readonly (Named & { readonly default: string; readonly type: { readonly text: string } })[];
  readonly members: readonly (Named & { readonly kind: string; readonly attribute?: string })[];
  readonly events: readonly Named[];
  readonly slots: readonly Named[];
  readonly cssParts: readonly Named[];
  readonly cssProperties: readonly (Named & { readonly description: string })[];
}

/** The elements with the files that send their events and draw them, and the page's views whose parts they pass on. */
const ELEMENTS = [
  {
    element: MicrogridChat,
    tagName: "microgrid-chat",
    section: "Attributes and properties",
    files: [
      "grid-element",
      "chat-element",
      "beginning-view",
      "footer-view",
      "readiness-view",
      "room-question",
      "where-view",
    ],
    views: ["chat/answer-view", "chat/answer-origin", "chat/composer", "chat/question-view"],
  },
  {
    element: MicrogridRoom,
    tagName: "microgrid-room",
    section: "The room of a page",
    files: ["grid-element", "room-element", "readiness-view", "room-question"],
    views: ["room/room-view"],
  },
  {
    element: MicrogridNode,
    tagName: "microgrid-node",
    section: "Lending the visitor's device",
    files: ["grid-element", "node-element", "node-view", "room-question"],
    views: [],
  },
];

const folder = new URL("./", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
const manifest = JSON.parse(read("public/custom-elements.json")) as {
  modules: readonly { readonly declarations: readonly Declaration[]; readonly exports: readonly Named[] }[];
};
const [module] = manifest.modules;
const declared = (tagName: string): Declaration => module!.declarations.find((each) => each.tagName === tagName)!;
const names = (list: readonly Named[]): string[] => list.map(({ name }) => name).sort();
const found = (source: string, pattern: RegExp): string[] =>
  [...new Set(Array.from(source.matchAll(pattern), ([, name]) => name!))].sort();
const partsIn = (source: string): string[] => found(source, /\bpart="([\w-]+)"/g);
const exportedIn = (source: string): string[] =>
  found(source, /exportparts="([^"]+)"/g).flatMap((list) => list.split(", "));

describe.each(ELEMENTS)("the custom-elements manifest about <$tagName>", ({ element, tagName, files, views }) => {
  const declaration = declared(tagName);
  const source = files.map((name) => read(`${name}.ts`)).join("\n");

  test("lists the attributes with their defaults, also as properties", () => {
    expect(declaration.name).toBe(element.name);
    expect(names(declaration.attributes)).toEqual([...element.observedAttributes].sort());
    const fresh = new element() as unknown as Record<string, unknown>;
    for (const { name, default: value } of declaration.attributes) {
      expect(JSON.parse(value), name).toBe(fresh[name]);
      expect(declaration.members.filter(({ attribute }) => attribute === name)).toHaveLength(1);
    }
  });

  test("lists the public methods and properties that the class adds", () => {
    const inherited = new Set(["focus", "connectedCallback", "disconnectedCallback"]);
    const code = read(`${files.find((name) => name === `${tagName.slice("microgrid-".length)}-element`)}.ts`);
    const methods = found(code, /^ {2}(?:async )?(\w+)\([^)]*\): [^=;]+\{$/gm).filter((name) => !inherited.has(name));
    const getters = found(code + read("grid-element.ts"), /^ {2}get (\w+)\(\)/gm);
    expect(names(declaration.members.filter(({ kind }) => kind === "method"))).toEqual(methods);
    expect(names(declaration.members.filter(({ kind, attribute }) => kind === "field" && !attribute))).toEqual(getters);
    for (const name of [...methods, ...getters]) expect(name in element.prototype).toBe(true);
  });

  test("lists the events", () => {
    expect(names(declaration.events)).toEqual(found(source, /send\(this, "(microgrid-[\w-]+)"/g));
  });

  test("lists slots and parts", () => {
    expect(names(declaration.slots)).toEqual(found(source, /<slot name="([\w-]+)"/g));
    expect(names(declaration.cssParts)).toEqual([...new Set([...partsIn(source), ...exportedIn(source)])].sort());
  });

  test("lists only parts that the page's views have", () => {
    const parts = partsIn(views.map((name) => read(`../ui/${name}.ts`)).join("\n"));
    for (const part of exportedIn(source)) expect(parts).toContain(part);
  });

  test("lists the custom properties of the palette, and the font size", () => {
    const palette = found(read("../ui/styles/tokens.css"), /(--mg-[\w-]+):/g);
    expect(names(declaration.cssProperties)).toEqual(["--mg-font-size", ...palette].sort());
  });
});

test("the manifest knows every element that is registered, and this test every file that draws one", () => {
  const registered = found(read("define.ts"), /customElements\.define\("([\w-]+)"/g);
  expect(ELEMENTS.map(({ tagName }) => tagName).sort()).toEqual(registered);
  expect(names(module!.exports)).toEqual([...registered, ...ELEMENTS.map(({ element }) => element.name)].sort());
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const drawing = files.filter((name) => /\bpart="|<slot name=|send\(this,/.test(read(name)));
  const listed = new Set(ELEMENTS.flatMap((each) => each.files.map((name) => `${name}.ts`)));
  expect(drawing.filter((name) => !listed.has(name))).toEqual([]);
});

test.each(ELEMENTS)("the types for React have the attributes of <$tagName>", ({ element, tagName }) => {
  const names = new RegExp(`"${tagName}": Props<\\s*${element.name},([^>]*)>`).exec(read("../package/react.d.ts"))![1]!;
  expect(found(names, /"(\w+)"/g)).toEqual([...element.observedAttributes].sort());
});

describe("docs/embed.md", () => {
  const document = read("../../docs/embed.md");
  const rows = (heading: string): string[] => {
    const section = document.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
    return Array.from(section.matchAll(/^\| `([\w-]+)`/gm), ([, name]) => name!).sort();
  };
  const all = (list: (declaration: Declaration) => readonly Named[]): string[] =>
    [...new Set(module!.declarations.flatMap((each) => names(list(each))))].sort();

  test.each(ELEMENTS)("lists the attributes of <$tagName>", ({ tagName, section }) => {
    expect(rows(section)).toEqual(names(declared(tagName).attributes));
  });

  test("lists the events", () => {
    expect(rows("Events")).toEqual(all(({ events }) => events));
  });

  test("lists the custom properties, as the manifest describes them", () => {
    const { cssProperties } = module!.declarations[0]!;
    expect(rows("Looks")).toEqual(names(cssProperties));
    for (const { name, description } of cssProperties) expect(document).toContain(`| \`${name}\` | ${description} |`);
  });

  test("lists the parts and slots", () => {
    const looks = document.split("\n## Looks\n")[1]!;
    for (const name of all(({ cssParts, slots }) => [...cssParts, ...slots])) expect(looks).toContain(`\`${name}\``);
  });
});
