/** Finds rules that begin with themselves. */
import { MicrogridError } from "../../core";
import type { Node, RuleNodes } from "./nodes";

/**
 * Throws `bad-request` if a rule begins with itself, which would be looked into without an end. At the end of a rule, it may stand:
 * nothing waits for it.
 */
export function refuseLeftRecursion(rules: readonly RuleNodes[]): void {
  const state = new Map<RuleNodes, "open" | "done">();
  const begins = new Map(rules.map((rule) => [rule, leftCalls(rule)]));
  // The depth of the search is that of the grammar, which may be too deep for calls.
  for (const first of rules) {
    if (state.has(first)) continue;
    const path: { readonly rule: RuleNodes; readonly rest: Iterator<RuleNodes> }[] = [];
    const enter = (rule: RuleNodes): void => {
      state.set(rule, "open");
      path.push({ rule, rest: begins.get(rule)![Symbol.iterator]() });
    };
    enter(first);
    while (path.length > 0) {
      const { rule, rest } = path.at(-1)!;
      const called = rest.next();
      if (called.done) {
        state.set(rule, "done");
        path.pop();
      } else if (state.get(called.value) === "open") {
        throw new MicrogridError(
          "bad-request",
          `The rule “${called.value.name}” of the grammar begins with itself. Let it repeat by “*”, or end with itself.`,
        );
      } else if (!state.has(called.value)) enter(called.value);
    }
  }
}

/** The rules that may come first in a rule. */
function leftCalls({ start }: RuleNodes): Set<RuleNodes> {
  const called = new Set<RuleNodes>();
  const seen = new Set<Node>();
  const open = [start!];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...node.empty);
    for (const { rule, next } of node.calls) {
      called.add(rule);
      if (rule.cost === 0) open.push(next);
    }
  }
  return called;
}
