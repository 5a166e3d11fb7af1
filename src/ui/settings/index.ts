/** Settings of the page and of one chat. Loaded when one of them is opened. */
export { ChatSettings } from "./chat-settings";
export { SettingsDialog } from "./settings-dialog";
