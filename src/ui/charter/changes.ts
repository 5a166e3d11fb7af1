/** What is different between two versions of a charter, in sentences. */
import type { CharterState } from "../../grid";
import { plain } from "../plain";
import { type Names, rulesOf } from "./rules";

/** The rules that are new or other than before, as they are now; empty where nothing that people read is different. */
export function changedRules(before: CharterState, after: CharterState, names: Names = {}): readonly string[] {
  const old = new Set(rulesOf(before, names).map((rule) => JSON.stringify(rule)));
  const rules = rulesOf(after, names).filter((rule) => !old.has(JSON.stringify(rule)));
  return [
    ...(before.name === after.name ? [] : [`It is called “${plain(after.name)}” now.`]),
    ...(before.purpose === after.purpose ? [] : ["What it is for was written anew."]),
    ...rules.map(({ text }) => text),
    ...(String(before.servers) === String(after.servers) ? [] : ["New invites name other signaling servers."]),
  ];
}
