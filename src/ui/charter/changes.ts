/** Describes the differences between two versions of a charter in sentences. */
import { plain, quotedName } from "../../core";
import type { CharterState } from "../../grid";
import { type Names, purposeOf, type Rule, rulesOf } from "./rules";

/** The rules that are new or changed, as they are now; empty if no visible rule differs. */
export function changedRules(before: CharterState, after: CharterState, names: Names = {}): readonly Rule[] {
  const old = new Set(rulesOf(before, names).map((rule) => JSON.stringify(rule)));
  const rules = rulesOf(after, names).filter((rule) => !old.has(JSON.stringify(rule)));
  const purpose = purposeOf(after);
  return [
    ...(before.name === after.name ? [] : [{ text: `The room is called ${quotedName(after.name)}.` }]),
    ...(before.purpose === after.purpose
      ? []
      : [{ text: purpose === "" ? "The room has no stated purpose." : `Purpose: “${purpose}”` }]),
    ...rules,
    ...(String(before.servers) === String(after.servers)
      ? []
      : [{ text: `New invites use these signaling servers: ${after.servers.map(plain).join(", ")}.` }]),
  ];
}
