/** The built-in model is a demo, and it says so when it cannot answer. */
import type { StoredMessage } from "../../grid";
import { GUIDE } from "./models";

/** Every refusal of the demo names the next step in these words; its training data are written so. */
const REFUSAL = /bigger model/i;

/** True for an answer in which the demo says that a question is too much for it. */
export function isRefusal({ status, content, answer }: StoredMessage): boolean {
  return status === "complete" && answer?.model === GUIDE && REFUSAL.test(content);
}
