/** Base classes for the page's elements. */
import { type CSSResultGroup, type CSSResultOrNative, LitElement } from "lit";
import { property } from "lit/decorators.js";
import { WorkspaceController } from "./state/controller";
import type { Workspace } from "./state/workspace";
import { base, buttons } from "./styles/shared";

/** An element with the styles that all of them share. Its own `styles` come after these. */
export abstract class MicrogridElement extends LitElement {
  protected static override finalizeStyles(styles?: CSSResultGroup): CSSResultOrNative[] {
    return super.finalizeStyles([base, buttons, ...(styles === undefined ? [] : [styles])]);
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
