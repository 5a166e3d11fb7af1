/** Tools: how models are told about them, and how they write calls. */
export { genericChat } from "./generic";
