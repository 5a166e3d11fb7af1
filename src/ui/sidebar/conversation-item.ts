/** One conversation in the list, with its menu. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { ConversationSummary } from "../../grid";
import { icon } from "../icons";
import { isComposing } from "../keys";
import { conversationRoute } from "../routes";
import { fields } from "../styles/shared";
import { downloadJson } from "../download";
import { WorkspaceElement } from "../element";

/** `<mg-conversation-item .workspace .summary>`. Event: `mg-done` when it is opened. */
@customElement("mg-conversation-item")
export class ConversationItem extends WorkspaceElement {
  static override readonly styles = [
    fields,
    css`
      :host {
        display: block;
      }
      .item {
        position: relative;
        display: flex;
        align-items: center;
        border-radius: var(--mg-radius-s);
        transition: background var(--mg-ease);
      }
      .item:hover,
      .item:focus-within {
        background: var(--mg-hover);
      }
      .current {
        background: var(--mg-accent-soft) !important;
      }
      a {
        flex: 1;
        min-width: 0;
        padding: 0.4375rem 0.625rem;
        border-radius: inherit;
        color: inherit;
        font-size: 0.875rem;
        line-height: 1.45;
        text-decoration: none;
      }
      .title,
      .excerpt {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .excerpt {
        color: var(--mg-muted);
        font-size: 0.75rem;
      }
      .more {
        flex: none;
        margin-inline-end: 0.25rem;
        opacity: 0;
      }
      .item:hover .more,
      .item:focus-within .more,
      .more[aria-expanded="true"] {
        opacity: 1;
      }
      @media (hover: none) {
        .more {
          opacity: 0.7;
        }
      }
      .busy {
        flex: none;
        width: 0.5rem;
        height: 0.5rem;
        margin-inline-end: 0.75rem;
        border-radius: 50%;
        background: var(--mg-spark);
        animation: busy 1.1s ease-in-out infinite;
      }
      @keyframes busy {
        50% {
          opacity: 0.3;
        }
      }
      .menu {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 10rem;
        padding: 0.3125rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-raised);
        color: inherit;
        box-shadow: var(--mg-shadow);
      }
      .menu button {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        width: 100%;
        padding: 0.4375rem 0.625rem;
        border: 0;
        border-radius: 7px;
        background: none;
        font-size: 0.875rem;
        text-align: start;
      }
      .menu button:hover,
      .menu button:focus-visible {
        background: var(--mg-hover);
      }
      .menu .danger {
        color: var(--mg-danger);
      }
      form {
        flex: 1;
        padding: 0.1875rem;
      }
      form input[type="text"] {
        padding: 0.1875rem 0.4375rem;
        font-size: 0.875rem;
      }
    `,
  ];

  @property({ attribute: false }) summary: ConversationSummary | undefined;
  @property({ type: Boolean }) current = false;
  /** True while an answer is being written in it. */
  @property({ type: Boolean }) busy = false;
  @state() private renaming = false;
  @state() private open = false;
  @query(".menu") private readonly menu!: HTMLElement | null;
  @query(".more") private readonly more!: HTMLElement | null;
  @query("input") private readonly field!: HTMLInputElement | null;

  protected override render(): TemplateResult | typeof nothing {
    const { summary } = this;
    if (!summary) return nothing;
    if (this.renaming) {
      return html`<form class="item" @submit=${this.#rename}>
        <input
          type="text"
          aria-label="Title"
          maxlength="200"
          dir="auto"
          .value=${summary.title}
          @keydown=${this.#renameKey}
          @blur=${this.#rename}
        />
      </form>`;
    }
    return html`<div class="item ${this.current ? "current" : ""}">
      <a
        href=${conversationRoute(summary.id)}
        aria-current=${this.current ? "page" : nothing}
        title=${summary.title}
        @click=${() => this.dispatchEvent(new CustomEvent("mg-done"))}
      >
        <span class="title" dir="auto">${summary.title}</span>
        ${summary.excerpt === undefined ? nothing : html`<span class="excerpt">${summary.excerpt}</span>`}
      </a>
      ${this.busy ? html`<span class="busy" role="img" aria-label="Being answered"></span>` : nothing}
      <button
        class="icon-button small more"
        aria-label="Options for ${summary.title}"
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${this.#toggleMenu}
      >
        ${icon("more", 18)}
      </button>
      <div
        class="menu"
        popover
        role="menu"
        aria-label="Options"
        @toggle=${this.#toggled}
        @keydown=${this.#menuKey}
        @click=${() => this.menu?.hidePopover()}
      >
        <button role="menuitem" @click=${this.#startRename}>${icon("edit", 16)} Rename</button>
        <button role="menuitem" @click=${this.#export}>${icon("download", 16)} Export</button>
        <button role="menuitem" class="danger" @click=${() => this.workspace?.chats.remove(summary)}>
          ${icon("trash", 16)} Delete
        </button>
      </div>
    </div>`;
  }

  readonly #toggleMenu = (): void => {
    const { menu, more } = this;
    if (!menu || !more) return;
    menu.togglePopover();
    if (!menu.matches(":popover-open")) return;
    const anchor = more.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    const below = anchor.bottom + 4;
    menu.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - size.width - 8))}px`;
    menu.style.top = `${below + size.height > innerHeight - 8 ? anchor.top - size.height - 4 : below}px`;
    menu.querySelector("button")?.focus();
  };

  readonly #toggled = (event: ToggleEvent): void => {
    this.open = event.newState === "open";
  };

  readonly #menuKey = (event: KeyboardEvent): void => {
    const items = Array.from(this.menu?.querySelectorAll("button") ?? []);
    const at = items.indexOf(this.shadowRoot?.activeElement as HTMLButtonElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    items[(at + step + items.length) % items.length]?.focus();
  };

  readonly #startRename = async (): Promise<void> => {
    this.renaming = true;
    await this.updateComplete;
    this.field?.focus();
    this.field?.select();
  };

  readonly #renameKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !isComposing(event)) this.renaming = false;
  };

  readonly #rename = (event: Event): void => {
    event.preventDefault();
    if (!this.renaming || !this.summary) return;
    this.renaming = false;
    const title = this.field?.value ?? "";
    if (title !== this.summary.title) void this.workspace?.grid.conversations.rename(this.summary.id, title);
  };

  readonly #export = async (): Promise<void> => {
    const { summary } = this;
    if (!summary) return;
    const json = await this.workspace?.grid.conversations.exportJson([summary.id]);
    const name = summary.title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 50);
    if (json) downloadJson(json, `${name || "conversation"}.json`);
  };
}
