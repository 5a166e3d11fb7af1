/** Loads the state behind the page, and its messages to the person: nothing needs them before the grid has started. */
import type * as State from "./state/workspace";

export async function loadWorkspace(): Promise<Pick<typeof State, "Workspace">> {
  const [state] = await Promise.all([import("./state/workspace"), import("./app/toasts")]);
  return state;
}
