/** The rules of this project's own: the import direction of the architecture, plain English, and syntax to avoid. */
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { boundaryRules } from "./scripts/lint/boundaries.mjs";
import { englishRules } from "./scripts/lint/english-rules.mjs";

// Oxlint knows the types and checks everything else (`.oxlintrc.json`).
export default defineConfig(
  globalIgnores(["dist/", "lib/", "public/", ".cache/", "scripts/guide-model/", "test-results/", "screenshots/"]),
  { files: ["**/*.ts"], languageOptions: { parser: tseslint.parser } },
  {
    files: ["**/*.ts"],
    // Tools read their configuration by its default export.
    ignores: ["*.config.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "TSEnumDeclaration", message: "Use a union of string literals." },
        { selector: "TSModuleDeclaration[kind='namespace']", message: "Use modules." },
        { selector: "TSParameterProperty", message: "Declare the field and assign it." },
        { selector: "ExportDefaultDeclaration", message: "Use a named export." },
      ],
    },
  },
  boundaryRules,
  englishRules,
);
