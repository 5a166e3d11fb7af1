/** The import direction of the architecture as lint rules: who may import whom, and only through the index. */
import boundaries from "eslint-plugin-boundaries";

/**
 * The folders that each folder of `src/` may import, besides itself and `core`. This table is the architecture:
 * change `docs/architecture.md` with it.
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT = {
  app: [
    "site-worker",
    "embed",
    "ui",
    "grid",
    "openai",
    "node",
    "pipeline",
    "room",
    "models",
    "inference",
    "border",
    "identity",
    "wire",
  ],
  embed: ["ui", "grid", "openai", "node", "pipeline", "room", "models", "inference", "border", "identity", "wire"],
  package: ["embed", "grid"],
  ui: ["grid", "border"],
  grid: ["openai", "node", "room", "models", "inference", "border", "identity"],
  openai: ["node", "inference"],
  node: ["pipeline", "room", "models", "inference", "border", "identity", "wire"],
  pipeline: ["room", "models", "inference", "onnx"],
  room: ["wire", "identity", "inference"],
  models: ["border", "gguf", "onnx"],
  inference: ["border", "gguf", "onnx"],
  border: [],
  gguf: [],
  onnx: [],
  identity: [],
  wire: ["identity"],
  "site-worker": ["border"],
  core: [],
};

/**
 * The folders of which a folder may import types only.
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT_TYPES = { models: ["wire", "inference"] };

const folders = Object.keys(MAY_IMPORT);
/** `parts.ts` holds what another folder may take without all the rest, which `index.ts` would bring along. */
const publicFiles = ["index.ts", "parts.ts"];

/**
 * @param {string} from
 * @param {string[]} to
 * @param {object} [dependency]
 */
function allow(from, to, dependency) {
  const target = { element: { types: { anyOf: to }, fileInternalPath: publicFiles } };
  return { from: { element: { type: from } }, allow: { to: target, ...(dependency && { dependency }) } };
}

/** @type {import("eslint").Linter.Config} */
export const boundaryRules = {
  files: ["src/**/*.ts", "workers/**/*.ts"],
  // Tests may take the stand-ins of a lower folder from its `testing/`.
  ignores: ["**/*.test.ts", "**/testing/**"],
  plugins: { boundaries: /** @type {import("eslint").ESLint.Plugin} */ (boundaries) },
  settings: {
    "import/resolver": { node: { extensions: [".ts", ".mjs", ".js", ".json"] } },
    "boundaries/elements": [
      ...folders.map((name) => ({ type: name, pattern: `src/${name}` })),
      { type: "workers", pattern: "workers" },
    ],
    "boundaries/dependency-nodes": ["import", "dynamic-import", "export", "require"],
  },
  rules: {
    "boundaries/no-unknown-files": "off",
    "boundaries/dependencies": [
      "error",
      {
        default: "disallow",
        message:
          "src/{{from.element.type}} may not import this: the import direction is in scripts/lint/boundaries.mjs, and outside a folder only its index.ts may be imported.",
        policies: [
          // Packages and data are not the subject of this rule, nor is a folder's inside.
          { allow: { to: { module: { origin: ["external", "core"] } } } },
          ...folders.map((name) => ({
            from: { element: { type: name } },
            allow: { to: { element: { type: name } } },
          })),
          ...folders.map((name) => allow(name, [...(MAY_IMPORT[name] ?? []), "core"])),
          ...Object.entries(MAY_IMPORT_TYPES).map(([name, to]) => allow(name, to, { kind: "type" })),
          // A worker's entry takes exactly the file it exposes, so that no page code comes along.
          {
            from: { element: { type: "workers" } },
            allow: { to: { element: { types: { anyOf: [...folders, "workers"] } } } },
          },
        ],
      },
    ],
  },
};
