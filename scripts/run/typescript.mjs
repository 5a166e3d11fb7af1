/** Imports modules that are written in TypeScript, which Node 20 cannot do by itself. */
import { fileSize } from "./file-size.mjs";
import { noPackagedFiles } from "./packaged-files.mjs";
import { ROOT } from "./spawn.mjs";

/** Node 20 does not know all of the syntax, such as `using`. */
export const NODE_SYNTAX = { target: "node20" };

/**
 * @template T
 * @param {string} path
 * @returns {Promise<T>} the module
 */
export async function importTypeScript(path) {
  // A fresh clone installs Vite first.
  const { runnerImport } = await import("vite");
  const { module } = await runnerImport(path, {
    root: ROOT,
    configFile: false,
    logLevel: "error",
    oxc: NODE_SYNTAX,
    plugins: [noPackagedFiles(), fileSize()],
  });
  return /** @type {T} */ (module);
}

/**
 * Like `importTypeScript`, for modules that import others later, while they work: those can be imported until `use` ends.
 * @template T, R
 * @param {string} path
 * @param {(module: T) => Promise<R>} use
 * @returns {Promise<R>}
 */
export async function withTypeScript(path, use) {
  const { createServer } = await import("vite");
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    oxc: NODE_SYNTAX,
    plugins: [noPackagedFiles(), fileSize()],
    appType: "custom",
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  try {
    return await use(/** @type {T} */ (await server.ssrLoadModule(path)));
  } finally {
    await server.close();
  }
}
