/** The files of the npm package, for code that does not run from there. */

/** The module that names them; `scripts/vite-package.ts` serves it in the build of the package. */
export const PACKAGED_FILES = "virtual:packaged-files";
const RESOLVED = `\0${PACKAGED_FILES}`;

/**
 * Serves `virtual:packaged-files` in builds and scripts that have these files elsewhere.
 * @returns {import("vite").Plugin}
 */
export function noPackagedFiles() {
  return {
    name: "microgrid-no-packaged-files",
    resolveId: (id) => (id === PACKAGED_FILES ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? "export const webllm = undefined, embedded = undefined;" : undefined),
  };
}
