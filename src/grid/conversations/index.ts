/** Stores, searches, exports and imports the conversations of this browser profile. */
export { ConversationStore } from "./store";
export type { MessageVersion } from "./versions";
export type {
  Conversation,
  ConversationSettings,
  ConversationSummary,
  StoredAnswer,
  StoredMessage,
  StoredRoute,
} from "./schema";
