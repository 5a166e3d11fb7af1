import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";
import { boundaryRules } from "./boundaries.mjs";

const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [{ files: ["**/*.ts"], languageOptions: { parser: tseslint.parser } }, boundaryRules],
});

async function problems(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return result!.messages.map(({ ruleId, message }) => ruleId ?? message);
}

describe("the import direction", () => {
  it.each([
    ["src/app/main.ts", 'import { a } from "../inference";'],
    ["src/wire/link.ts", 'import { a } from "../identity";'],
    ["src/wire/link.ts", 'import { a } from "../core";'],
    ["src/wire/link.ts", 'import { a } from "./peerjs/transport";'],
    ["src/models/store.ts", 'import type { A } from "../inference";'],
    ["src/ui/chat.ts", 'import { html } from "lit";'],
    ["workers/store.ts", 'import { a } from "../src/models/disk";'],
  ])("allows in %s: %s", async (file, code) => {
    expect(await problems(file, code)).toEqual([]);
  });

  it.each([
    ["upwards", "src/inference/device.ts", 'import { a } from "../models";'],
    ["upwards, as a type", "src/identity/did.ts", 'import type { A } from "../wire";'],
    ["from the leaf", "src/core/ids.ts", 'import { a } from "../identity";'],
    ["sideways", "src/ui/chat.ts", 'import { a } from "../inference";'],
    ["past an index", "src/wire/link.ts", 'import { a } from "../identity/did";'],
    ["past the index of core", "src/wire/link.ts", 'import { a } from "../core/ids";'],
    ["a value where only types may come", "src/models/store.ts", 'import { a } from "../inference";'],
    ["lazily", "src/inference/device.ts", 'const a = import("../models");'],
    ["by re-export", "src/inference/device.ts", 'export { a } from "../models";'],
  ])("refuses an import %s", async (_, file, code) => {
    expect(await problems(file, code)).toEqual(["boundaries/dependencies"]);
  });
});
