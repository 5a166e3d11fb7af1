/** A page of another program on the site's own origin: three client libraries, as their users use them. */
import { aiSdkClient } from "./ai-sdk";
import type { Client } from "./clients";
import { langchainClient } from "./langchain";
import { openaiClient } from "./openai";

declare global {
  interface Window {
    clients: Readonly<Record<string, Client>>;
  }
}

const baseURL = new URL("/v1", location.href).href;
window.clients = {
  openai: openaiClient(baseURL),
  "ai-sdk": aiSdkClient(baseURL),
  langchain: langchainClient(baseURL),
};
