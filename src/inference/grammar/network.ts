/** A grammar as a network of bytes: nodes, and edges that lead from one to the next. */
import { MicrogridError, utf8 } from "../../core";
import type { Expression, Grammar } from "./expressions";
import { refuseLeftRecursion } from "./left-recursion";
import { Node, RuleNodes } from "./nodes";
import { type ByteRange, utf8Ranges } from "./utf8-ranges";

/** Most nodes of a network: more than any schema that people write needs, and no more than a worker holds easily. */
const MAX_NODES = 100_000;
/** Deepest nesting of expressions. */
const MAX_DEPTH = 1_000;

/**
 * Builds the network of a grammar. Throws `bad-request` if it is too large, names a rule that does not exist, contains
 * itself without an end, or begins with itself.
 */
export function networkOf(grammar: Grammar): RuleNodes {
  const builder = new Builder(grammar);
  const root = builder.ruleOf(grammar.root, "root");
  builder.finish();
  if (!Number.isFinite(root.cost)) {
    throw new MicrogridError(
      "bad-request",
      "No text has the format that is asked for. Check the format of the request.",
    );
  }
  return root;
}

class Builder {
  readonly #grammar: Grammar;
  readonly #nodes: Node[] = [];
  readonly #named = new Map<string, RuleNodes>();
  /** Rules of expressions that occur in several places. */
  readonly #shared = new Map<Expression, RuleNodes>();
  readonly #rules: RuleNodes[] = [];
  /** Where an expression begins, by what follows it: the same expression before the same place has to be there once. */
  readonly #places = new Map<Node, Map<Expression, Node>>();
  readonly #waiting: (() => void)[] = [];
  #depth = 0;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  ruleOf(expression: Expression, name: string): RuleNodes {
    const known = this.#shared.get(expression);
    if (known) return known;
    const rule = new RuleNodes(name);
    this.#shared.set(expression, rule);
    this.#rules.push(rule);
    // Later, since a rule may contain itself.
    this.#waiting.push(() => {
      rule.start = this.#build(expression, this.#node(true));
    });
    return rule;
  }

  finish(): void {
    for (let work = this.#waiting.pop(); work; work = this.#waiting.pop()) work();
    findCosts(this.#nodes, this.#rules);
    refuseLeftRecursion(this.#rules);
  }

  /** The place from which the expression leads to `next`. */
  #build(expression: Expression, next: Node): Node {
    // Parts of parts may come before the same place often, in lists of properties that may be left out.
    const isShared = expression.type === "sequence" || expression.type === "choice" || expression.type === "repeat";
    const known = isShared ? this.#places.get(next)?.get(expression) : undefined;
    if (known) return known;
    if (this.#depth >= MAX_DEPTH) throw tooLarge();
    this.#depth++;
    const node = this.#place(expression, next);
    this.#depth--;
    if (isShared) {
      const places = this.#places.get(next) ?? new Map<Expression, Node>();
      this.#places.set(next, places.set(expression, node));
    }
    return node;
  }

  #place(expression: Expression, next: Node): Node {
    switch (expression.type) {
      case "text":
        return utf8(expression.text).reduceRight<Node>((after, byte) => this.#byte([byte, byte], after), next);
      case "char":
        return this.#char(expression, next);
      case "sequence":
        return expression.parts.reduceRight<Node>((after, part) => this.#build(part, after), next);
      case "choice": {
        const texts = expression.options.flatMap((option) => (option.type === "text" ? [utf8(option.text)] : []));
        const others = expression.options.filter(({ type }) => type !== "text");
        // Texts that begin alike are read in one way, however many there are.
        const node = this.#oneOf(texts, 0, next);
        for (const option of others) node.empty.push(this.#build(option, next));
        return node;
      }
      case "repeat":
        return this.#repeat(expression, next);
      case "rule":
        return this.#call(this.#rule(expression.name), next);
    }
  }

  /** One of these texts, whose first `at` bytes are read. */
  #oneOf(texts: readonly Uint8Array[], at: number, next: Node): Node {
    const node = this.#node();
    if (texts.some(({ length }) => length === at)) node.empty.push(next);
    const rests = new Map<number, Uint8Array[]>();
    for (const text of texts) {
      const byte = text[at];
      if (byte === undefined) continue;
      const rest = rests.get(byte);
      if (rest) rest.push(text);
      else rests.set(byte, [text]);
    }
    for (const [byte, group] of rests) {
      const [first] = group;
      const after =
        group.length === 1
          ? first!.slice(at + 1).reduceRight<Node>((rest, more) => this.#byte([more, more], rest), next)
          : this.#oneOf(group, at + 1, next);
      node.bytes.push({ range: [byte, byte], next: after });
    }
    return node;
  }

  #char(expression: Expression & { type: "char" }, next: Node): Node {
    const sequences = expression.ranges.flatMap((range) => utf8Ranges(range));
    if (sequences.some(({ length }) => length > 1) && !next.isLast) {
      // Characters of several bytes take many nodes: one place holds them for all that use the same set.
      return this.#call(this.ruleOf(expression, "char"), next);
    }
    const node = this.#node();
    for (const [range, ...rest] of sequences) {
      node.bytes.push({ range: range!, next: rest.reduceRight<Node>((after, more) => this.#byte(more, after), next) });
    }
    return node;
  }

  #repeat({ part, min, max }: Expression & { type: "repeat" }, next: Node): Node {
    const single = max === 1 || (min === 0 && max === Number.POSITIVE_INFINITY);
    const copy = (after: Node): Node =>
      single || part.type === "char" ? this.#build(part, after) : this.#call(this.ruleOf(part, "repeat"), after);
    let node = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#node();
      loop.empty.push(copy(loop), next);
      node = loop;
    } else {
      for (let count = min; count < max; count++) {
        const choice = this.#node();
        choice.empty.push(copy(node), next);
        node = choice;
      }
    }
    for (let count = 0; count < min; count++) node = copy(node);
    return node;
  }

  #rule(name: string): RuleNodes {
    const known = this.#named.get(name);
    if (known) return known;
    const expression = this.#grammar.rules.get(name);
    if (!expression) throw new MicrogridError("bad-request", `The grammar names “${name}”, but has no such rule.`);
    const rule = this.ruleOf(expression, name);
    this.#named.set(name, rule);
    return rule;
  }

  #call(rule: RuleNodes, next: Node): Node {
    const node = this.#node();
    node.calls.push({ rule, next });
    return node;
  }

  #byte(range: ByteRange, next: Node): Node {
    const node = this.#node();
    node.bytes.push({ range, next });
    return node;
  }

  #node(end = false): Node {
    if (this.#nodes.length >= MAX_NODES) throw tooLarge();
    const node = new Node(this.#nodes.length, end);
    this.#nodes.push(node);
    return node;
  }
}

/** Finds the fewest bytes from each node to the end of its rule, each time that a shorter way is known. */
function findCosts(nodes: readonly Node[], rules: readonly RuleNodes[]): void {
  const before = new Map<Node, Node[]>();
  const note = (node: Node, earlier: Node): void => {
    const list = before.get(node);
    if (list) list.push(earlier);
    else before.set(node, [earlier]);
  };
  const starts = new Map(rules.map((rule) => [rule, rule.start!]));
  for (const node of nodes) {
    for (const { next } of node.bytes) note(next, node);
    for (const next of node.empty) note(next, node);
    for (const { rule, next } of node.calls) {
      note(next, node);
      note(starts.get(rule)!, node);
    }
  }
  const changed = nodes.filter(({ end }) => end);
  for (const node of changed) node.cost = 0;
  // The list grows while it is gone through.
  for (const later of changed) {
    for (const node of before.get(later) ?? []) {
      const cost = Math.min(
        ...node.bytes.map(({ next }) => 1 + next.cost),
        ...node.empty.map((next) => next.cost),
        ...node.calls.map(({ rule, next }) => rule.cost + next.cost),
      );
      if (cost >= node.cost) continue;
      node.cost = cost;
      changed.push(node);
    }
  }
}

function tooLarge(): MicrogridError {
  return new MicrogridError(
    "bad-request",
    "The format that is asked for is too large. Use fewer parts, smaller counts of repetition, or less nesting.",
  );
}
