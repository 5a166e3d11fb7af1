/** The list of conversations, with search, import and export. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { ConversationSummary } from "../../grid";
import { formatDay } from "../format";
import { icon, mark, helpIcon, plusIcon, searchIcon, settingsIcon } from "../icons";
import { isComposing } from "../keys";
import { conversationRoute, go } from "../routes";
import { fields } from "../styles/shared";
import { downloadJson } from "../download";
import { WorkspaceElement } from "../element";
import "./conversation-item";

/** `<mg-sidebar .workspace>`. Event: `mg-done` when the user has chosen something, so that a drawer can close. */
@customElement("mg-sidebar")
export class Sidebar extends WorkspaceElement {
  static override readonly styles = [
    fields,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100%;
        padding: max(0.75rem, env(safe-area-inset-top)) 0.625rem max(0.625rem, env(safe-area-inset-bottom));
        background: var(--mg-sunken);
        border-inline-end: 1px solid var(--mg-border);
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        padding: 0.125rem 0.5rem 0.75rem;
        font-size: 1.0625rem;
        font-weight: 650;
        letter-spacing: -0.015em;
      }
      .new {
        justify-content: flex-start;
        width: 100%;
        min-height: 2.5rem;
        border-color: var(--mg-border);
      }
      .new kbd {
        margin-inline-start: auto;
      }
      kbd {
        color: var(--mg-muted);
        font: 0.6875rem var(--mg-font);
      }
      @media (hover: none) {
        kbd {
          display: none;
        }
      }
      .search {
        margin: 0.5rem 0 0.25rem;
      }
      .search input {
        padding: 0.4375rem 0.75rem 0.4375rem 2.25rem;
        border-color: transparent;
        background: transparent;
        font-size: 0.875rem;
        appearance: none;
      }
      .search input:hover,
      .search input:focus {
        background: var(--mg-hover);
      }
      @media (pointer: coarse) {
        .search input {
          font-size: 1rem;
        }
      }
      nav {
        flex: 1;
        min-height: 0;
        margin-inline: -0.25rem;
        padding-inline: 0.25rem;
        overflow-y: auto;
        scrollbar-width: thin;
        scrollbar-color: var(--mg-border-strong) transparent;
      }
      h2 {
        margin: 0.875rem 0 0.25rem;
        padding-inline: 0.625rem;
        color: var(--mg-muted);
        font-size: 0.75rem;
        font-weight: 550;
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .none {
        padding: 1rem 0.625rem;
      }
      footer {
        display: flex;
        align-items: center;
        gap: 0.125rem;
        padding-top: 0.5rem;
        border-top: 1px solid var(--mg-border);
      }
      footer .button {
        padding-inline: 0.375rem;
        font-size: 0.875rem;
        font-weight: 500;
      }
      footer .wide {
        flex: 1;
        justify-content: flex-start;
      }
    `,
  ];

  @state() private query = "";
  @state() private found: readonly ConversationSummary[] | undefined;
  @query("input[type=search]") private readonly field!: HTMLInputElement;
  @query("input[type=file]") private readonly file!: HTMLInputElement;
  #searched: readonly ConversationSummary[] | undefined;

  focusSearch(): void {
    this.field.focus();
    this.field.select();
  }

  protected override willUpdate(_changed: PropertyValues): void {
    // Search again if the list has changed, for example after one of the results was deleted.
    if (this.query !== "" && this.workspace && this.#searched !== this.workspace.chats.list) void this.#search();
  }

  protected override render(): TemplateResult {
    const { workspace } = this;
    const conversations = this.query === "" ? (workspace?.chats.list ?? []) : (this.found ?? []);
    return html`
      <div class="brand">${mark(26)} Microgrid</div>
      <button class="button new" @click=${this.#new}>
        ${icon(plusIcon, 18)} New chat <kbd aria-hidden="true">${shortcut("Shift O")}</kbd>
      </button>
      <div class="search">
        ${icon(searchIcon, 16)}
        <input
          type="search"
          aria-label="Search conversations"
          placeholder=${matchMedia("(hover: none)").matches ? "Search" : `Search (${shortcut("K")})`}
          .value=${this.query}
          @input=${this.#typed}
          @keydown=${this.#keydown}
        />
      </div>
      <nav aria-label="Conversations">
        ${groups(conversations, this.query !== "").map(
          ([heading, items]) => html`
            ${heading === "" ? nothing : html`<h2>${heading}</h2>`}
            <ul>
              ${repeat(
                items,
                (item) => item.id,
                (item) =>
                  html`<li>
                    <mg-conversation-item
                      .workspace=${workspace}
                      .summary=${item}
                      ?current=${item.id === workspace?.chats.currentId}
                      ?busy=${workspace?.chats.answers.isWriting(item.id) ?? false}
                      @mg-done=${this.#done}
                    ></mg-conversation-item>
                  </li>`,
              )}
            </ul>
          `,
        )}
        ${conversations.length > 0 ? nothing : html`<p class="none muted small">${this.#nothingText()}</p>`}
      </nav>
      <footer>
        <button class="button plain wide" ?disabled=${!workspace} @click=${() => this.#open("settings")}>
          ${icon(settingsIcon, 18)} Settings
        </button>
        <button
          class="icon-button"
          aria-label="Help"
          title="Help"
          ?disabled=${!workspace}
          @click=${() => this.#open("help")}
        >
          ${icon(helpIcon)}
        </button>
        <button
          class="button plain"
          aria-label="Import conversations"
          ?disabled=${!workspace}
          @click=${() => this.file.click()}
        >
          Import
        </button>
        <button
          class="button plain"
          aria-label="Export all conversations"
          ?disabled=${(workspace?.chats.list.length ?? 0) === 0}
          @click=${this.#exportAll}
        >
          Export
        </button>
        <input type="file" accept="application/json,.json" hidden aria-label="File to import" @change=${this.#import} />
      </footer>
    `;
  }

  #nothingText(): string {
    if (this.query !== "") return "No title or message matches.";
    return this.workspace ? "Your conversations will appear here. They stay on this device." : "";
  }

  readonly #new = (): void => {
    go("#/");
    this.#done();
    this.workspace?.focusComposer();
  };

  readonly #done = (): void => void this.dispatchEvent(new CustomEvent("mg-done"));

  #open(dialog: "settings" | "help"): void {
    this.workspace?.show({ dialog });
    this.#done();
  }

  readonly #typed = (): void => {
    this.query = this.field.value.trim();
    void this.#search();
  };

  readonly #keydown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const first = this.found?.[0];
    if (event.key === "Enter" && this.query !== "" && first) {
      go(conversationRoute(first.id));
      this.#done();
    } else if (event.key === "Escape" && this.query !== "") {
      event.stopPropagation();
      this.query = "";
      this.field.value = "";
    }
  };

  async #search(): Promise<void> {
    const { query, workspace } = this;
    this.#searched = workspace?.chats.list;
    const found = query === "" ? undefined : await workspace?.grid.conversations.search(query);
    if (query === this.query) this.found = found;
  }

  readonly #exportAll = async (): Promise<void> => {
    const json = await this.workspace?.grid.conversations.exportJson();
    if (json) downloadJson(json, "microgrid-conversations.json");
  };

  readonly #import = async (): Promise<void> => {
    const file = this.file.files?.[0];
    this.file.value = "";
    if (!file || !this.workspace) return;
    try {
      const { ids, changed } = await this.workspace.grid.conversations.readJson(await file.text()).bringIn();
      this.workspace.toast(importedText(ids.length, changed));
      const first = ids[0];
      if (first !== undefined) go(conversationRoute(first));
    } catch (error) {
      this.workspace.toast(error instanceof Error ? error.message : "This file could not be read.");
    }
  };
}

/** Tells of an import: `all` conversations were in the file, and `changed` of them are new here or have grown. */
function importedText(all: number, changed: number): string {
  if (changed === 0) return "Nothing new: everything in this file is here already";
  const imported = changed === 1 ? "Imported 1 conversation" : `Imported ${changed} conversations`;
  return changed < all ? `${imported}; ${all - changed} were here already` : imported;
}

function groups(conversations: readonly ConversationSummary[], flat: boolean): [string, ConversationSummary[]][] {
  if (flat) return conversations.length > 0 ? [["", [...conversations]]] : [];
  const byDay = new Map<string, ConversationSummary[]>();
  for (const conversation of conversations) {
    const day = formatDay(conversation.updatedAt);
    byDay.set(day, [...(byDay.get(day) ?? []), conversation]);
  }
  return [...byDay];
}

function shortcut(keys: string): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? `⌘ ${keys}` : `Ctrl ${keys}`;
}
