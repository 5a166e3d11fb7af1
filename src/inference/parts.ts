/** The parts of inference that the page needs before the engines are loaded. */
export { DEFAULT_SAMPLING } from "./sampling/settings";
export { localTime } from "./local-time";
export { storedThought } from "./tokenizer/stored-thought";
