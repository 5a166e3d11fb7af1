/** Lint rules: type-aware strictness, the import direction of the architecture, and plain English. */
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { boundaryRules } from "./scripts/lint/boundaries.mjs";
import { englishRules } from "./scripts/lint/english-rules.mjs";

export default defineConfig(
  globalIgnores(["dist/", "public/", ".cache/", "scripts/guide-model/", "test-results/", "screenshots/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // It takes what was true before an await, a call or a constructor's escape for true after it.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-empty-function": "off",
      // An interface may ask for a promise where this implementation has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // Tables of results name the calls that give none.
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      // Options are interfaces with methods, `{ signal, onProgress }` takes them out, and they use no `this`.
      "@typescript-eslint/unbound-method": "off",
      // With unchecked index access on, `array[i]!` in a loop over its own length is plain arithmetic.
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "TSEnumDeclaration", message: "Use a union of string literals." },
        { selector: "TSModuleDeclaration[kind='namespace']", message: "Use modules." },
        { selector: "TSParameterProperty", message: "Declare the field and assign it." },
        { selector: "ExportDefaultDeclaration", message: "Use a named export." },
      ],
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  {
    // Tools read these by their default export.
    files: ["*.config.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["src/**/*.ts", "workers/**/*.ts"],
    ignores: ["**/*.test.ts", "**/testing/**"],
    rules: { "no-console": "error" },
  },
  {
    // The caller tells the type of the service at the other end, as with Comlink's own `wrap`.
    files: ["src/border/calls.ts"],
    rules: { "@typescript-eslint/no-unnecessary-type-parameters": "off" },
  },
  boundaryRules,
  ...englishRules,
  {
    // The compiler checks these too (scripts/tsconfig.json), unknown names included.
    files: ["**/*.mjs", "**/*.js"],
    rules: {
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "prefer-const": "error",
      eqeqeq: "error",
    },
  },
);
