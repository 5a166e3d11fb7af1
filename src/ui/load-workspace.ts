/** Loads the state behind the page, which nothing needs before the grid has started. */
import type * as State from "./state/workspace";

export async function loadWorkspace(): Promise<Pick<typeof State, "Workspace">> {
  return import("./state/workspace");
}
