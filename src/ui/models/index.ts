/** The dialog of models. Loaded when it is opened. */
export { ModelDialog } from "./model-dialog";
