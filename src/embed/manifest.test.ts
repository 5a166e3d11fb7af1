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
  readonly cssProperties: readonly Named[];
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
    expect(names(declaration.cssParts)).toEqual(found(/\bpart="([\w-]+)"/g));
  });

  test("lists custom properties that the styles use", () => {
    const styles = source + readFileSync(new URL("../ui/markdown/styles.ts", folder), "utf8");
    for (const { name } of declaration.cssProperties) expect(styles).toContain(`var(${name})`);
  });
});
