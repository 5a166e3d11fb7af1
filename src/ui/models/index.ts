/** The dialog with the list of models. Loaded when it is opened. */
export { ModelDialog } from "./model-dialog";
