/** The `wllama` engine; imported only when a model needs it. */
export { WllamaEngine } from "./engine";
