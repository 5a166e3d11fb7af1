/** The help of the page. Loaded when it is opened. */
export { HelpDialog } from "./help-dialog";
