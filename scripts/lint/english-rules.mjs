/** The English rule in ESLint. */
import { english } from "./english.mjs";

/** @type {import("eslint").Linter.Config} */
export const englishRules = {
  files: ["src", "workers", "e2e", "bench", "scripts"].map((folder) => `${folder}/**/*.{ts,mjs}`),
  // The rule's own files quote what it looks for.
  ignores: ["scripts/lint/english*"],
  plugins: { english },
  rules: { "english/plain": "error" },
};
