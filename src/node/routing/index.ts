/** Who answers, and how an answer survives the loss of who gives it. */
export { answer } from "./answer";
export type { Answerer } from "./answer";
export { Delivered } from "./delivered";
export { Experience } from "./experience";
export { ExpectedLengths } from "./expected-length";
export { ANY_MODEL, choose } from "./router";
