/** Sentences of the list about what a loaded model can do in a chat, as its chat template shows it. */
import type { ModelOffer } from "../../grid";

/** Whether programs can let a model call tools; empty while that is not known. */
export function toolsText(offer: Pick<ModelOffer, "chat"> | undefined): string {
  const format = offer?.chat?.tools;
  if (format === undefined) return "";
  return format === "generic" ? "not trained to call tools" : "calls tools";
}

/** How chats are changed for a model whose chat template does not take them as they are; empty if it does. */
export function adaptedText(offer: Pick<ModelOffer, "chat"> | undefined): string {
  const { system, alternates } = offer?.chat ?? {};
  return [
    system === false ? "This model takes no system prompt: yours is put before the first question." : "",
    alternates ? "It takes one question at a time: those without an answer between them become one." : "",
  ]
    .filter(Boolean)
    .join(" ");
}
