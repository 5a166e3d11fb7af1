/** What went wrong, as people read it. */
import type { Task } from "@lit/task";
import { html, nothing } from "lit";

/** The sentence of an error; ours are written for people. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The failure of a task as an alert; nothing while it has not failed. Styles: `sections`. */
export function taskFailure(task: Task<never>): unknown {
  return task.render({
    initial: () => nothing,
    pending: () => nothing,
    complete: () => nothing,
    error: (error) => html`<p class="error" role="alert">${errorText(error)}</p>`,
  });
}
