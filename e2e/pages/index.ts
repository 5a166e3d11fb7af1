/** Page objects: they find everything by role and label, as a user does, so that tests do not know the markup. */
export { CharterForm, type CharterFields, InviteLimits, RulesDialog } from "./charter";
export { ChatPage } from "./chat-page";
export { ConversationList } from "./conversation-list";
export { EmbeddedChat } from "./embedded-chat";
export { EmbeddedNode, EmbeddedRoom } from "./embedded-room";
export { embedEvents, embeddingPage } from "./embedding-page";
export { GUIDE_NAME } from "./guide-name";
export { HousePage, type GivenFile } from "./house";
export { ModelDialog } from "./model-dialog";
export { NetworkPage } from "./network";
export { HandLink, RoomPanel, setSwitch } from "./room-panel";
export { PipelineView } from "./pipeline-view";
export { ChatSettingsPanel, SettingsDialog } from "./settings";
