/**
 * OpenAI's APIs on top of the node's answers: chat completions, text completions, responses and embeddings in OpenAI's shapes,
 * as functions for a page and as an HTTP server that speaks `fetch`'s requests and responses.
 */
export { chatCompletions } from "./chat";
export { embeddingsOf } from "./embeddings";
export { serveApi } from "./http/serve";
export type * from "./types";
