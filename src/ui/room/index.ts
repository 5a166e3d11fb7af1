/** The room's panel and the question of an invite. Loaded when one of them is opened. */
export { JoinDialog } from "./join-dialog";
export { RoomPanel } from "./room-panel";
