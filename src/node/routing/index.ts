/** Chooses providers, and lets an answer survive the loss of its provider. */
export { answer } from "./answer";
export { embed } from "./embed";
export { Delivered } from "./delivered";
export { LOSSES } from "./losses";
export type { Seeker } from "./provider-search";
export { Experience } from "./experience";
export { ExpectedLengths } from "./expected-length";
