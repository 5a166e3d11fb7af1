/** What is different between two versions of a charter, in sentences. */
import type { CharterState } from "../../grid";
import { plain } from "../plain";
import { type Names, purposeOf, type Rule, rulesOf } from "./rules";

/** The rules that are new or other than before, as they are now; empty where nothing that people read is different. */
export function changedRules(before: CharterState, after: CharterState, names: Names = {}): readonly Rule[] {
  const old = new Set(rulesOf(before, names).map((rule) => JSON.stringify(rule)));
  const rules = rulesOf(after, names).filter((rule) => !old.has(JSON.stringify(rule)));
  const purpose = purposeOf(after);
  return [
    ...(before.name === after.name ? [] : [{ text: `It is called “${plain(after.name)}”.` }]),
    ...(before.purpose === after.purpose
      ? []
      : [{ text: purpose === "" ? "It does not say what it is for." : `What it is for: “${purpose}”` }]),
    ...rules,
    ...(String(before.servers) === String(after.servers)
      ? []
      : [{ text: `New invites name these signaling servers: ${after.servers.map(plain).join(", ")}.` }]),
  ];
}
