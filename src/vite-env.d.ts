/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Tells builds of the site apart; absent in tests. */
  readonly MICROGRID_BUILD?: string;
  /** The version of the package; absent in tests. */
  readonly MICROGRID_VERSION?: string;
}

/** Files that the npm package brings along, by their addresses (`scripts/vite-package.ts`). Other builds have none. */
declare module "virtual:packaged-files" {
  /** The WebLLM library as one module. */
  export const webllm: string | undefined;
  /** The files of the embedded model, by path. */
  export const embedded: Readonly<Record<string, string>> | undefined;
}

/** The size of a file at build time, in bytes (`scripts/vite-size.ts`). */
declare module "*?size" {
  export const bytes: number;
}

/** The module that `scripts/vite-site-files.ts` adds to the build of the site's worker. */
declare module "virtual:site-files" {
  // oxlint-disable-next-line typescript/consistent-type-imports -- an ambient module cannot import a file by its path
  export const files: import("./site-worker/build-files").BuildFiles;
}
