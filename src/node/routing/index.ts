/** Chooses providers, and lets an answer survive the loss of its provider. */
export { answer } from "./answer";
export { Delivered } from "./delivered";
export { LOSSES } from "./losses";
export { Experience } from "./experience";
export { ExpectedLengths } from "./expected-length";
