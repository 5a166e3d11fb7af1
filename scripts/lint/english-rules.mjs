/** The English rule in ESLint: an error, but only a warning in folders that still have an allowance. */
import { english } from "./english.mjs";
import { englishAllowance } from "./english-count.mjs";

const FILES = ["src", "workers", "e2e", "bench", "scripts"].map((folder) => `${folder}/**/*.{ts,mjs}`);
const allowed = Object.keys(englishAllowance()).map((area) => `${area}/**`);
/** The rule's own files quote what it looks for. */
const ignores = ["scripts/lint/english*"];

/** @type {import("eslint").Linter.Config[]} */
export const englishRules = [
  { files: FILES, ignores, plugins: { english }, rules: { "english/plain": "error" } },
  ...(allowed.length > 0
    ? [{ files: allowed, ignores, rules: { "english/plain": /** @type {const} */ ("warn") } }]
    : []),
];
