/** Short messages above the chat, and notices of the grid at its top. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { WorkspaceElement } from "../element";
import { icon } from "../icons";
import { noticeStyles } from "./notice-styles";

/** `<mg-toasts .workspace>`. */
@customElement("mg-toasts")
export class Toasts extends WorkspaceElement {
  static override readonly styles = css`
    :host {
      position: fixed;
      inset: auto;
      left: 50%;
      margin: 0;
      padding: 0;
      border: 0;
      background: none;
      color: inherit;
      overflow: visible;
      /* Below the header: the last lines of a chat and the field for messages are at the bottom. */
      top: calc(env(safe-area-inset-top) + 4.25rem);
      translate: -50% 0;
      display: grid;
      justify-items: center;
      gap: 0.5rem;
      width: max-content;
      max-width: min(38rem, 100vw - 2rem);
      pointer-events: none;
    }
    .toast {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: end;
      gap: 0.25rem 0.5rem;
      padding: 0.5rem 0.5rem 0.5rem 1rem;
      border-radius: var(--mg-radius);
      background: light-dark(#23292a, #e7ebe8);
      color: light-dark(#f4f5f2, #161a18);
      box-shadow: var(--mg-shadow);
      font-size: 0.875rem;
      line-height: 1.4;
      pointer-events: auto;
      animation: rise 180ms cubic-bezier(0.2, 0, 0, 1);
    }
    span {
      flex: 1 1 auto;
      min-width: 0;
      overflow-wrap: anywhere;
      text-wrap: pretty;
    }
    .icon-button,
    .action {
      flex: none;
    }
    .action {
      padding: 0.25rem 0.625rem;
      border: 0;
      border-radius: 7px;
      background: none;
      color: light-dark(#7dd6b4, #10573f);
      font-weight: 600;
    }
    .action:hover {
      background: light-dark(#ffffff1f, #0000001a);
    }
    .icon-button {
      color: inherit;
      opacity: 0.7;
    }
    @keyframes rise {
      from {
        opacity: 0;
        transform: translateY(-0.5rem);
      }
    }
  `;

  #shown = 0;

  // The popover opened last lies on top, so reopen it for each new toast to show it above any dialog.
  protected override willUpdate(): void {
    const count = this.workspace?.toasts.length ?? 0;
    if (this.isConnected && (!this.hasUpdated || count > this.#shown)) {
      this.popover = "manual";
      this.hidePopover();
      this.showPopover();
    }
    this.#shown = count;
  }

  /** Centred on the chat, which sidebar and panels leave the rest of the width. */
  protected override updated(): void {
    const chat = (this.getRootNode() as ParentNode).querySelector("mg-chat")?.getBoundingClientRect();
    if (chat && chat.width > 0) this.style.left = `${chat.left + chat.width / 2}px`;
  }

  protected override render(): TemplateResult {
    return html`<div role="status">
      ${repeat(
        this.workspace?.toasts ?? [],
        (toast) => toast.id,
        ({ id, text, action }) =>
          html`<div class="toast">
            <span>${text}</span>
            ${
              action
                ? html`<button
                    class="action"
                    @click=${() => {
                      action.run();
                      this.workspace?.dismissToast(id);
                    }}
                  >
                    ${action.label}
                  </button>`
                : nothing
            }
            <button class="icon-button small" aria-label="Dismiss" @click=${() => this.workspace?.dismissToast(id)}>
              ${icon("close", 16)}
            </button>
          </div>`,
      )}
    </div>`;
  }
}

/** `<mg-notices .workspace>`: messages that stay until the user dismisses them or they no longer apply. */
@customElement("mg-notices")
export class Notices extends WorkspaceElement {
  static override readonly styles = noticeStyles;

  protected override render(): TemplateResult {
    const { workspace } = this;
    return html`${repeat(
      workspace?.notices ?? [],
      (notice) => notice.id,
      ({ id, level, text }) =>
        html`<div class="notice ${level}" role=${level === "info" ? "status" : "alert"}>
          <span class="icon">${icon(level === "info" ? "info" : "alert", 18)}</span>
          <p>${text}</p>
          <button class="icon-button small" aria-label="Dismiss notice" @click=${() => workspace?.dismissNotice(id)}>
            ${icon("close", 16)}
          </button>
        </div>`,
    )}`;
  }
}
