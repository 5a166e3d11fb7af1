/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Tells builds of the site apart; absent in tests. */
  readonly MICROGRID_BUILD?: string;
}
