/** Keeps a component in step with the workspace it was given. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Workspace } from "./workspace";

/** Asks its host to render whenever the workspace (and with it the grid) changes. */
export class WorkspaceController implements ReactiveController {
  readonly #host: ReactiveControllerHost & { readonly workspace: Workspace | undefined };
  #followed: Workspace | undefined;
  #stop: (() => void) | undefined;

  constructor(host: ReactiveControllerHost & { readonly workspace: Workspace | undefined }) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#follow();
  }

  hostUpdate(): void {
    this.#follow();
  }

  hostDisconnected(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#followed = undefined;
  }

  #follow(): void {
    const workspace = this.#host.workspace;
    if (workspace === this.#followed) return;
    this.#stop?.();
    this.#followed = workspace;
    this.#stop = workspace?.on("change", () => this.#host.requestUpdate());
  }
}
