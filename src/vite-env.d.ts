/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Tells builds of the site apart; absent in tests. */
  readonly MICROGRID_BUILD?: string;
  /** The version of the package; absent in tests. */
  readonly MICROGRID_VERSION?: string;
}

/** The size of a file at build time, in bytes (`scripts/vite-size.ts`). */
declare module "*?size" {
  export const bytes: number;
}

/** The module that `scripts/vite-site-files.ts` adds to the build of the site's worker. */
declare module "virtual:site-files" {
  export const files: import("./site-worker/build-files").BuildFiles;
}
