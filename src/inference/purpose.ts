/** A model either answers chats or turns texts into vectors. These are the errors for requests of the wrong kind. */
import { MicrogridError } from "../core";

/** The error for a request for embeddings to a model that answers chats. */
export function makesNoEmbeddings(name: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `${name} answers chats and makes no embeddings. Choose a model that was made for embeddings.`,
  );
}

/** The error for a chat with a model that makes embeddings. */
export function answersNoChats(name: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `${name} makes embeddings: it turns texts into vectors and answers no chats. Choose a model that was made for chat.`,
  );
}
