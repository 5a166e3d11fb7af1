/** The part of the WebLLM library that the engine uses: 6 MB, so it is loaded with the first model. */
export { MLCEngine, ModelType, prebuiltAppConfig } from "@mlc-ai/web-llm";
