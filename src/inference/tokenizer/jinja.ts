/** Chat templates, run by the JavaScript Jinja and completed by the parts of Python that it lacks. */
import { Template } from "@huggingface/jinja";
import { FILTERS, FILTER_NAMES, METHODS, ONLY_WITH_ARGUMENTS, OPERATORS } from "./python";
import { strftime } from "./strftime";

/** A template that was compiled. */
interface CompiledTemplate {
  /** Names that the template reads or sets. */
  readonly names: ReadonlySet<string>;
  /** Renders it. Throws `TemplateRefusal` if the template says that it does not take the values, else what went wrong. */
  render(values: Readonly<Record<string, unknown>>, localTime: string): string;
}

/** The template itself does not take what it was given. The message is the template's. */
export class TemplateRefusal extends Error {}

/** A node of the library's syntax tree, whose classes it does not export. */
interface Node {
  type: string;
  [field: string]: unknown;
}

/** Names of our functions, which no template can write. */
const method = (name: string): string => `method ${name}`;
const filter = (name: string): string => `filter ${name}`;
const operator = (name: string): string => `operator ${name}`;
/** The library's own functions cannot be replaced, so calls of them are renamed. */
const STRFTIME = "function strftime_now";
const RAISE = "function raise_exception";
const OWN_FUNCTIONS: ReadonlyMap<unknown, string> = new Map([
  ["strftime_now", STRFTIME],
  ["raise_exception", RAISE],
]);

const SUPPLIED: Readonly<Record<string, unknown>> = {
  ...prefixed(METHODS, method),
  ...prefixed(FILTERS, filter),
  ...prefixed(OPERATORS, operator),
  [RAISE]: (message: unknown) => {
    throw new TemplateRefusal(String(message));
  },
};

/** Parses a template. Throws for a syntax that is not known. */
export function compileTemplate(source: string): CompiledTemplate {
  const template = new Template(source);
  const names = new Set<string>();
  complete(template.parsed, names);
  return {
    names,
    render: (values, localTime) =>
      template.render({
        ...SUPPLIED,
        [STRFTIME]: (format: string) => strftime(localTime, format),
        ...values,
      }),
  };
}

/** Lets a part of the tree, and all below it, call the functions that are supplied here; collects names of variables. */
function complete(part: unknown, names: Set<string>): void {
  if (Array.isArray(part)) for (const each of part) complete(each, names);
  else if (part instanceof Map) for (const [key, value] of part) complete([key, value], names);
  else if (isNode(part)) {
    if (part.type === "Identifier") {
      names.add(String(part.value));
      part.value = OWN_FUNCTIONS.get(part.value) ?? part.value;
    }
    if (part.type === "For") part.iterable = orEmpty(part.iterable);
    const { skipped, called } = supplied(part);
    for (const [field, value] of Object.entries(part)) if (!skipped.includes(field)) complete(value, names);
    if (called) Object.assign(part, { type: "CallExpression", ...called });
  }
}

/** How a node is to be called, if it is something that is supplied here, and fields that hold no variables. */
function supplied(node: Node): { skipped: readonly string[]; called?: { callee: Node; args: readonly unknown[] } } {
  if (node.type === "MemberExpression") return { skipped: node.computed === true ? [] : ["property"] };
  if (node.type === "KeywordArgumentExpression") return { skipped: ["key"] };
  if (node.type === "TestExpression") return { skipped: ["test"] };
  if (node.type === "CallExpression" && isNode(node.callee) && node.callee.type === "MemberExpression") {
    const args = node.args as readonly unknown[];
    const { object, property, computed } = node.callee;
    const name = isNode(property) && computed !== true ? String(property.value) : "";
    if (!Object.hasOwn(METHODS, name) || (ONLY_WITH_ARGUMENTS.has(name) && args.length === 0)) return { skipped: [] };
    return { skipped: [], called: { callee: identifier(method(name)), args: [object, ...args] } };
  }
  if (node.type === "BinaryExpression") {
    const name = String((node.operator as { value: unknown }).value);
    if (!Object.hasOwn(OPERATORS, name)) return { skipped: [] };
    return { skipped: [], called: { callee: identifier(operator(name)), args: [node.left, node.right] } };
  }
  if (node.type === "FilterExpression" && isNode(node.filter)) {
    const call = node.filter.type === "CallExpression";
    const callee = (call ? node.filter.callee : node.filter) as Node;
    const args = call ? (node.filter.args as readonly unknown[]) : [];
    const name = String(callee.value);
    callee.value = FILTER_NAMES.get(name) ?? name;
    if (!Object.hasOwn(FILTERS, name)) return { skipped: [] };
    return { skipped: [], called: { callee: identifier(filter(name)), args: [node.operand, ...args] } };
  }
  return { skipped: [] };
}

/** The values that a loop runs over: no value at all if they are not defined, as in Python. */
function orEmpty(iterable: unknown): unknown {
  if (!isNode(iterable)) return iterable;
  if (iterable.type === "SelectExpression") return Object.assign(iterable, { lhs: orEmpty(iterable.lhs) });
  const condition = { type: "TestExpression", operand: iterable, negate: false, test: identifier("defined") };
  return { type: "Ternary", condition, trueExpr: iterable, falseExpr: { type: "ArrayLiteral", value: [] } };
}

function identifier(value: string): Node {
  return { type: "Identifier", value };
}

function isNode(part: unknown): part is Node {
  return typeof part === "object" && part !== null && "type" in part;
}

function prefixed(
  functions: Readonly<Record<string, unknown>>,
  name: (key: string) => string,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(functions).map(([key, value]) => [name(key), value]));
}
