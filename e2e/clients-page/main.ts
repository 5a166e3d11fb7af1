/** A page of another program on the site's own origin: three client libraries, as their users use them. */
import { aiSdkClient } from "./ai-sdk";
import type { Client, Fetch } from "./clients";
import { langchainClient } from "./langchain";
import { openaiClient } from "./openai";
import { useHelpers } from "./openai-helpers";

declare global {
  interface Window {
    clients: Readonly<Record<string, Client>>;
    /** From now on, the clients send their requests by `fetch`, to an address where nothing is. */
    useFetch: (fetch: Fetch) => void;
    openaiHelpers: (question: string) => ReturnType<typeof useHelpers>;
  }
}

const baseURL = new URL("/v1", location.href).href;
window.openaiHelpers = (question) => useHelpers(baseURL, question);
window.clients = clientsOf(baseURL);
window.useFetch = (fetch) => void (window.clients = clientsOf("https://microgrid.invalid/v1", fetch));

function clientsOf(base: string, fetch?: Fetch): Window["clients"] {
  return {
    openai: openaiClient(base, fetch),
    "ai-sdk": aiSdkClient(base, fetch),
    langchain: langchainClient(base, fetch),
  };
}
