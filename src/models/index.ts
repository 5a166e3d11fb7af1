/** Which models there are, where their files come from, and where they are kept. */
export { ModelLibrary } from "./library";
export type { ModelLibraryOptions, PrepareOptions } from "./library";
export type * from "./types";
