/** The sidebar with the conversations. On phones, open it first with `open`. */
import type { Download, Locator, Page } from "@playwright/test";

export class ConversationList {
  readonly page: Page;
  readonly list: Locator;
  readonly items: Locator;
  readonly search: Locator;
  readonly newChat: Locator;

  constructor(page: Page) {
    this.page = page;
    this.list = page.getByRole("navigation", { name: "Conversations" });
    this.items = this.list.getByRole("link");
    this.search = page.getByRole("searchbox", { name: "Search conversations" });
    this.newChat = page.getByRole("button", { name: "New chat" });
  }

  /** Opens the drawer on a small screen. */
  open(): Promise<void> {
    return this.page.getByRole("button", { name: "Show conversations" }).click();
  }

  item(title: string): Locator {
    return this.list.getByRole("link", { name: title });
  }

  async rename(title: string, next: string): Promise<void> {
    await this.#choose(title, "Rename");
    const field = this.page.getByRole("textbox", { name: "Title", exact: true });
    await field.fill(next);
    await field.press("Enter");
  }

  delete(title: string): Promise<void> {
    return this.#choose(title, "Delete");
  }

  async export(title: string): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.#choose(title, "Export (JSON)")]);
    return download;
  }

  async saveAsMarkdown(title: string): Promise<Download> {
    const saving = this.#choose(title, "Save as Markdown");
    const [download] = await Promise.all([this.page.waitForEvent("download"), saving]);
    return download;
  }

  async exportAll(): Promise<Download> {
    const button = this.page.getByRole("button", { name: "Export all conversations" });
    const [download] = await Promise.all([this.page.waitForEvent("download"), button.click()]);
    return download;
  }

  /** Imports a file; a wrong one causes a toast. */
  async import(file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    const button = this.page.getByRole("button", { name: "Import conversations" });
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), button.click()]);
    await chooser.setFiles(file);
  }

  async #choose(title: string, action: "Rename" | "Export (JSON)" | "Save as Markdown" | "Delete"): Promise<void> {
    await this.item(title).hover();
    await this.page.getByRole("button", { name: `Options for ${title}` }).click();
    await this.page.getByRole("menuitem", { name: action }).click();
  }
}
