/** Base classes for the page's elements. */
import { type CSSResultGroup, type CSSResultOrNative, LitElement } from "lit";
import { property } from "lit/decorators.js";
import { WorkspaceController } from "./state/controller";
import type { Workspace } from "./state/workspace";
import { base, buttons } from "./styles/shared";

let fit = (styles: CSSResultOrNative[]): CSSResultOrNative[] => styles;

/** Changes the styles of all elements that are registered later. Call it first on a page of others, whose `rem` is any length. */
export function fitStyles(change: typeof fit): void {
  fit = change;
}

/** An element with the styles that all of them share. Its own `styles` come after these. */
export abstract class MicrogridElement extends LitElement {
  protected static override finalizeStyles(styles?: CSSResultGroup): CSSResultOrNative[] {
    return fit(super.finalizeStyles([base, buttons, ...(styles === undefined ? [] : [styles])]));
  }
}

/** An element of the page that is given the workspace, and renders again whenever that changes. */
export abstract class WorkspaceElement extends MicrogridElement {
  @property({ attribute: false }) workspace: Workspace | undefined;

  constructor() {
    super();
    new WorkspaceController(this);
  }
}
