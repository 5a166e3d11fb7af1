/** The `webllm` engine; heavy, so it is imported only when a model needs it. */
export { WebLlmEngine } from "./engine";
export { loadWebLlm } from "./load-library";
