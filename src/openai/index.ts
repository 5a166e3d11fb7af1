/**
 * OpenAI's APIs on top of the node's answers: chat completions, text completions and responses in OpenAI's shapes, as
 * functions for a page and as an HTTP server that speaks `fetch`'s requests and responses.
 */
export { chatCompletions } from "./chat";
export { serveApi } from "./http/serve";
export type * from "./types";
