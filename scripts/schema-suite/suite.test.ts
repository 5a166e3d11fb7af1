/**
 * Compares the formats of answers with the JSON Schema Test Suite: MICROGRID_SCHEMA_SUITE names a copy of
 * https://github.com/json-schema-org/JSON-Schema-Test-Suite. Prints a table; without a copy, nothing is tested.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MicrogridError, utf8 } from "../../src/core";
import { statesOf } from "../../src/inference/grammar";
import type { State } from "../../src/inference/grammar/states";

const SUITE = process.env.MICROGRID_SCHEMA_SUITE ?? "";
const DRAFT = join(SUITE, "tests/draft2020-12");

interface Group {
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
}

it.skipIf(SUITE === "" || !existsSync(DRAFT))("no value that a schema forbids has the format of the schema", () => {
  const wrong: string[] = [];
  const rows = ["| Keyword | Honoured | Refused | Valid values that can be written |", "| --- | --: | --: | --: |"];
  const formats = join(DRAFT, "optional/format");
  const files = [DRAFT, formats].flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  for (const file of files.filter((name) => name.endsWith(".json"))) {
    const groups = JSON.parse(readFileSync(file, "utf8")) as readonly Group[];
    let [honoured, refused, valid, written] = [0, 0, 0, 0];
    for (const { description, schema, tests } of groups) {
      const start = startOf(schema);
      if (!start) {
        refused++;
        continue;
      }
      honoured++;
      for (const test of tests) {
        const isWritten = isWhole(start, JSON.stringify(test.data));
        if (test.valid) {
          valid++;
          if (isWritten) written++;
        } else if (isWritten) wrong.push(`${file}: ${description}: ${test.description}`);
      }
    }
    const name = file.slice(DRAFT.length + 1, -".json".length).replace("optional/format/", "format: ");
    rows.push(`| ${name} | ${honoured} | ${refused} | ${written} of ${valid} |`);
  }
  console.log(rows.join("\n"));
  expect(wrong).toEqual([]);
});

/** The state of the empty text; undefined if the schema is refused. */
function startOf(schema: unknown): State | undefined {
  try {
    return statesOf({ type: "schema", schema: JSON.stringify(schema) }).start;
  } catch (error) {
    if (error instanceof MicrogridError && error.code === "bad-request") return undefined;
    throw error;
  }
}

function isWhole(start: State, text: string): boolean {
  let state: State | undefined = start;
  for (const byte of utf8(text)) state = state?.after(byte);
  return state?.canEnd ?? false;
}
