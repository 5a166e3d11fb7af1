/** One conversation in the list, with its menu. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { ConversationSummary } from "../../grid";
import { icon, downloadIcon, editIcon, shareIcon, trashIcon } from "../icons";
import { isComposing } from "../keys";
import { conversationRoute, go } from "../routes";
import { fields } from "../styles/shared";
import { downloadJson, shareText } from "../download";
import { WorkspaceElement } from "../element";
import "../menu";

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
      mg-menu {
        margin-inline-end: 0.25rem;
        opacity: 0;
      }
      .item:hover mg-menu,
      .item:focus-within mg-menu,
      mg-menu[open] {
        opacity: 1;
      }
      @media (hover: none) {
        mg-menu {
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
        @click=${this.#open}
      >
        <span class="title" dir="auto">${summary.title}</span>
        ${summary.excerpt === undefined ? nothing : html`<span class="excerpt">${summary.excerpt}</span>`}
      </a>
      ${this.busy ? html`<span class="busy" role="img" aria-label="Being answered"></span>` : nothing}
      <mg-menu label="Options for ${summary.title}">
        <button role="menuitem" @click=${this.#startRename}>${icon(editIcon, 16)} Rename</button>
        <button role="menuitem" @click=${this.#saveText}>${icon(shareIcon, 16)} Save as Markdown</button>
        <button role="menuitem" @click=${this.#export}>${icon(downloadIcon, 16)} Export (JSON)</button>
        <button role="menuitem" class="danger" @click=${() => this.workspace?.chats.remove(summary)}>
          ${icon(trashIcon, 16)} Delete
        </button>
      </mg-menu>
    </div>`;
  }

  readonly #open = (event: MouseEvent): void => {
    // The browser opens a new tab.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (this.summary) go(conversationRoute(this.summary.id));
    this.dispatchEvent(new CustomEvent("mg-done"));
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
    if (json) downloadJson(json, `${fileName(summary)}.json`);
  };

  readonly #saveText = async (): Promise<void> => {
    const { summary } = this;
    if (!summary) return;
    const text = await this.workspace?.grid.conversations.exportMarkdown(summary.id);
    if (text !== undefined) await shareText(text, `${fileName(summary)}.md`, "text/markdown");
  };
}

function fileName({ title }: ConversationSummary): string {
  return title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 50) || "conversation";
}
