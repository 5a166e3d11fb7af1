/** Settings of the page, and of one chat. */
import { expect, type Locator, type Page } from "@playwright/test";

/** The dialog “Settings”. */
export class SettingsDialog {
  readonly page: Page;
  readonly dialog: Locator;
  /** The content of the dialog, which is slotted and so is not inside its element. */
  readonly content: Locator;
  readonly name: Locator;

  constructor(page: Page) {
    this.page = page;
    this.dialog = page.getByRole("dialog", { name: "Settings" });
    this.content = page.locator("mg-settings-dialog");
    this.name = page.getByRole("textbox", { name: "Your name, as others see it" });
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: "Settings", exact: true }).click();
    await this.dialog.waitFor();
  }

  async close(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.dialog.waitFor({ state: "hidden" });
  }

  /** Opens a part of the dialog by its heading, such as “Profile”. */
  async part(name: "Profile" | "Take everything with you" | "Network"): Promise<void> {
    const summary = this.content.locator("summary").filter({ hasText: new RegExp(`^\\s*${name}`) });
    if (!(await summary.evaluate((element) => (element.parentElement as HTMLDetailsElement).open))) {
      await summary.click();
    }
  }

  theme(name: "System" | "Light" | "Dark"): Promise<void> {
    return this.content.locator("label").filter({ hasText: name }).first().click();
  }

  privacy(name: "This device only" | "This room" | "Anywhere"): Promise<void> {
    return this.page.getByRole("radio", { name }).check();
  }
}

/** The panel “Chat settings”. */
export class ChatSettingsPanel {
  readonly page: Page;
  readonly panel: Locator;
  readonly systemPrompt: Locator;
  readonly seed: Locator;
  readonly maxTokens: Locator;
  readonly stop: Locator;

  constructor(page: Page) {
    this.page = page;
    this.panel = page.getByRole("complementary", { name: "Chat settings" });
    this.systemPrompt = page.getByRole("textbox", { name: "System prompt" });
    this.seed = page.getByRole("spinbutton", { name: "Seed" });
    this.maxTokens = page.getByRole("spinbutton", { name: "Answer length limit" });
    this.stop = page.getByRole("textbox", { name: "Stop texts" });
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: "Chat settings" }).click();
    await expect(this.systemPrompt).toBeVisible();
  }

  /** Fills a field and leaves it, because the value counts only then. */
  async set(field: Locator, text: string): Promise<void> {
    await field.fill(text);
    await field.blur();
  }

  slider(name: "Temperature" | "Top-k" | "Top-p" | "Min-p" | "Repetition penalty"): Locator {
    return this.page.getByRole("slider", { name: new RegExp(`^${name}`) });
  }

  reset(): Promise<void> {
    return this.page.getByRole("button", { name: "Reset to defaults" }).click();
  }
}
