/** The library as one module of its own, named after it. */
export { Wllama } from "@wllama/wllama/esm/index.js";
