/** Short messages above the chat, and notices of the grid at its top. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { WorkspaceElement } from "../element";
import { icon, alertIcon, closeIcon, infoIcon } from "../icons";
import { noticeStyles } from "./notice-styles";

/** Between the toasts and the parts of the page that make room for them, px. */
const GAP_PX = 8;

/**
 * `<mg-toasts .workspace>`. They are below the header and all notices, and cover nothing: as long as there are some, the chat
 * leaves `--mg-toast-space` free above it, and dialogs begin at `--mg-toast-end`.
 */
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
      top: calc(env(safe-area-inset-top) + 4.25rem);
      translate: -50% 0;
      width: max-content;
      max-width: min(38rem, 100vw - 2rem);
      pointer-events: none;
    }
    [role="status"] {
      display: grid;
      justify-items: center;
      gap: 0.5rem;
    }
    .toast {
      display: flex;
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
    /* Beside both buttons, a long text would have little room. */
    .toast:has(.action) {
      flex-wrap: wrap;
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
    /* On a small screen, the others wait behind the newest: the page needs the rest. */
    @media (max-width: 560px), (max-height: 560px) {
      .toast:not(:last-child) {
        display: none;
      }
    }
    @keyframes rise {
      from {
        opacity: 0;
        transform: translateY(-0.5rem);
      }
    }
  `;

  #shown = 0;
  readonly #resizes = new ResizeObserver(() => this.#place());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizes.disconnect();
  }

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

  protected override updated(): void {
    const chat = this.#chat();
    for (const element of chat ? [this, chat] : []) this.#resizes.observe(element);
    this.#place();
  }

  #chat(): Element | null {
    return (this.getRootNode() as ParentNode).querySelector("mg-chat");
  }

  /** Centred on the chat, which sidebar, panels, header and notices leave the rest of the page. */
  #place(): void {
    const chat = this.#chat()?.getBoundingClientRect();
    if (chat && chat.width > 0) {
      this.style.left = `${chat.left + chat.width / 2}px`;
      this.style.top = `${chat.top + GAP_PX}px`;
    }
    const { height, bottom } = this.getBoundingClientRect();
    const root = document.documentElement.style;
    root.setProperty("--mg-toast-space", height > 0 ? `${height + GAP_PX}px` : "0px");
    root.setProperty("--mg-toast-end", height > 0 ? `${bottom + GAP_PX}px` : "0px");
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
              ${icon(closeIcon, 16)}
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
          <span class="icon">${icon(level === "info" ? infoIcon : alertIcon, 18)}</span>
          <p>${text}</p>
          <button class="icon-button small" aria-label="Dismiss notice" @click=${() => workspace?.dismissNotice(id)}>
            ${icon(closeIcon, 16)}
          </button>
        </div>`,
    )}`;
  }
}
