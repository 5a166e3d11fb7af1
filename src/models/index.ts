/** Which models there are, where their files come from, and where they are kept. */
export type * from "./types";
