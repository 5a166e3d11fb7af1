/** The settings of the page and of a chat. Loaded when one of them is opened. */
export { ChatSettings } from "./chat-settings";
export { SettingsDialog } from "./settings-dialog";
