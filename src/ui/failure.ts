/** Shows errors to the user. */
import type { Task } from "@lit/task";
import { html, nothing } from "lit";

/** The text of an error. Microgrid's own errors are written to be shown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The failure of a task as an alert; nothing if it has not failed. Needs the `sections` styles. */
export function taskFailure(task: Task<never>): unknown {
  return task.render({
    initial: () => nothing,
    pending: () => nothing,
    complete: () => nothing,
    error: (error) => html`<p class="error" role="alert">${errorText(error)}</p>`,
  });
}
