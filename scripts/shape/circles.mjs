/** Circles in a graph of imports, between files or between folders. */
import { posix } from "node:path";

/** @typedef {Map<string, Set<string>>} Graph What each node points to. */

/**
 * The graph of imports between files.
 * @param {readonly { readonly path: string, readonly imports: readonly string[] }[]} sources
 * @returns {Graph}
 */
export function fileGraph(sources) {
  return new Map(sources.map(({ path, imports }) => [path, new Set(imports)]));
}

/**
 * The graph of imports between folders; a folder's imports of itself are left out.
 * @param {Graph} files
 * @param {(path: string) => string} [folderOf] The file's own folder by default.
 * @returns {Graph}
 */
export function folderGraph(files, folderOf = posix.dirname) {
  /** @type {Graph} */
  const graph = new Map();
  for (const [path, imports] of files) {
    const from = folderOf(path);
    const targets = graph.get(from) ?? new Set();
    graph.set(from, targets);
    for (const to of imports) if (folderOf(to) !== from) targets.add(folderOf(to));
  }
  return graph;
}

/**
 * The circles of a graph: each group of nodes that reach one another, as the shortest path from its first node back
 * to that node, followed by the members that this path does not visit.
 * @param {Graph} graph
 * @returns {{ readonly path: readonly string[], readonly others: readonly string[] }[]}
 */
export function findCircles(graph) {
  return components(graph)
    .filter((members) => members.length > 1 || graph.get(members[0] ?? "")?.has(members[0] ?? ""))
    .map((members) => {
      const inside = new Set(members);
      const path = shortestCircle(graph, [...members].sort()[0] ?? "", inside);
      return { path, others: members.filter((member) => !path.includes(member)).sort() };
    })
    .sort((a, b) => (a.path[0] ?? "").localeCompare(b.path[0] ?? ""));
}

/**
 * One line for a circle.
 * @param {{ readonly path: readonly string[], readonly others: readonly string[] }} circle
 */
export function describeCircle({ path, others }) {
  return path.join(" → ") + (others.length > 0 ? ` (with ${others.join(", ")})` : "");
}

/**
 * Strongly connected components, by Tarjan's algorithm.
 * @param {Graph} graph
 * @returns {string[][]}
 */
function components(graph) {
  /** @type {Map<string, { order: number, low: number, open: boolean }>} */
  const seen = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[][]} */
  const found = [];
  /** @param {string} node */
  const visit = (node) => {
    const state = { order: seen.size, low: seen.size, open: true };
    seen.set(node, state);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const known = seen.get(next);
      if (!known) state.low = Math.min(state.low, visit(next).low);
      else if (known.open) state.low = Math.min(state.low, known.order);
    }
    if (state.low === state.order) {
      const members = stack.splice(stack.indexOf(node));
      for (const member of members) /** @type {{ open: boolean }} */ (seen.get(member)).open = false;
      found.push(members);
    }
    return state;
  };
  for (const node of graph.keys()) if (!seen.has(node)) visit(node);
  return found;
}

/**
 * @param {Graph} graph
 * @param {string} start
 * @param {ReadonlySet<string>} inside
 * @returns {string[]}
 */
function shortestCircle(graph, start, inside) {
  /** @type {string[][]} */
  const paths = [[start]];
  const visited = new Set([start]);
  for (let path = paths.shift(); path; path = paths.shift()) {
    for (const next of graph.get(path.at(-1) ?? "") ?? []) {
      if (next === start) return [...path, start];
      if (visited.has(next) || !inside.has(next)) continue;
      visited.add(next);
      paths.push([...path, next]);
    }
  }
  return [start];
}
