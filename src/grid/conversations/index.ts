/** The conversations of this browser profile: kept, searched, exported and imported. */
export { ConversationStore } from "./store";
export type { ConversationChange, ConversationEvents, ConversationStoreOptions } from "./store";
export type {
  Conversation,
  ConversationSettings,
  ConversationSummary,
  StoredAnswer,
  StoredMessage,
  StoredRoute,
} from "./schema";
