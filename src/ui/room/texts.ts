/** All sentences about rooms that the elements of other people's pages share with the page. */
export * from "./consent";
export * from "./room-texts";
export { pausedText, servingText } from "../state/serving";
