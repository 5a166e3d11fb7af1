/** A page of another program on the site's own origin: three client libraries, as their users use them. */
import { aiSdkClient } from "./ai-sdk";
import type { Client } from "./clients";
import { langchainClient } from "./langchain";
import { openaiClient } from "./openai";
import { useHelpers } from "./openai-helpers";

declare global {
  interface Window {
    clients: Readonly<Record<string, Client>>;
    openaiHelpers: (question: string) => ReturnType<typeof useHelpers>;
  }
}

const baseURL = new URL("/v1", location.href).href;
window.openaiHelpers = (question) => useHelpers(baseURL, question);
window.clients = {
  openai: openaiClient(baseURL),
  "ai-sdk": aiSdkClient(baseURL),
  langchain: langchainClient(baseURL),
};
