/** The custom-elements manifest says what the element really has. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MicrogridChat } from "./chat-element";

interface Named {
  readonly name: string;
}
interface Declaration {
  readonly tagName: string;
  readonly attributes: readonly (Named & { readonly default: string })[];
  readonly members: readonly (Named & { readonly kind: string })[];
  readonly events: readonly Named[];
  readonly slots: readonly Named[];
  readonly cssParts: readonly Named[];
  readonly cssProperties: readonly (Named & { readonly description: string })[];
}

const folder = new URL("./", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
const source = sources.map(read).join("\n");
const manifest = JSON.parse(read("public/custom-elements.json")) as {
  modules: readonly { readonly declarations: readonly Declaration[] }[];
};
const declaration = manifest.modules[0]!.declarations[0]!;
const names = (list: readonly Named[]): string[] => list.map(({ name }) => name).sort();
const found = (pattern: RegExp): string[] =>
  [...new Set(Array.from(source.matchAll(pattern), ([, name]) => name!))].sort();

describe("the custom-elements manifest", () => {
  test("lists the attributes", () => {
    expect(names(declaration.attributes)).toEqual([...MicrogridChat.observedAttributes].sort());
  });

  test("lists public methods that exist", () => {
    const methods = declaration.members.filter(({ kind }) => kind === "method");
    for (const { name } of methods) expect(MicrogridChat.prototype).toHaveProperty(name);
    expect(names(methods)).toEqual(["ask", "clear", "stop"]);
  });

  test("lists the events", () => {
    expect(names(declaration.events)).toEqual(found(/send\(this, "(microgrid-[\w-]+)"/g));
  });

  test("lists slots and parts", () => {
    expect(names(declaration.slots)).toEqual(found(/<slot name="([\w-]+)"/g));
    const exported = found(/exportparts="([^"]+)"/g).flatMap((list) => list.split(", "));
    const parts = new Set([...found(/\bpart="([\w-]+)"/g), ...exported]);
    expect(names(declaration.cssParts)).toEqual([...parts].sort());
  });

  test("lists only parts that the page's views have", () => {
    const views = ["answer-view", "answer-origin", "composer", "question-view"].map((name) =>
      read(`../ui/chat/${name}.ts`),
    );
    const parts = Array.from(views.join("\n").matchAll(/\bpart="([\w-]+)"/g), ([, name]) => name!);
    for (const part of found(/exportparts="([^"]+)"/g).flatMap((list) => list.split(", ")))
      expect(parts).toContain(part);
  });

  test("lists the custom properties of the palette, and the font size", () => {
    const palette = Array.from(read("../ui/styles/tokens.css").matchAll(/(--mg-[\w-]+):/g), ([, name]) => name!);
    expect(names(declaration.cssProperties)).toEqual(["--mg-font-size", ...palette].sort());
  });
});

describe("docs/embed.md", () => {
  const document = read("../../docs/embed.md");
  const rows = (heading: string): string[] => {
    const section = document.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
    return Array.from(section.matchAll(/^\| `([\w-]+)`/gm), ([, name]) => name!).sort();
  };

  test("lists the attributes", () => {
    expect(rows("Attributes and properties")).toEqual(names(declaration.attributes));
  });

  test("lists the events", () => {
    expect(rows("Events")).toEqual(names(declaration.events));
  });

  test("lists the custom properties, as the manifest describes them", () => {
    expect(rows("Looks")).toEqual(names(declaration.cssProperties));
    for (const { name, description } of declaration.cssProperties)
      expect(document).toContain(`| \`${name}\` | ${description} |`);
  });

  test("lists the parts and slots", () => {
    for (const { name } of [...declaration.cssParts, ...declaration.slots]) expect(document).toContain(`\`${name}\``);
  });
});
