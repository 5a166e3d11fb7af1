/** The room's panel and the dialog for an invite. Loaded when one of them is opened. */
export { JoinDialog } from "./join-dialog";
export { RoomPanel } from "./room-panel";
