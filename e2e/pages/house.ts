/** “Profile” and “Take everything with you” in the settings. */
import { expect, type Download, type Locator, type Page } from "@playwright/test";
import { SettingsDialog } from "./settings";

/** A file as the browser's chooser hands it over. */
export type GivenFile = string | { name: string; mimeType: string; buffer: Buffer };

export class HousePage {
  readonly page: Page;
  readonly settings: SettingsDialog;
  /** Everything about the house. */
  readonly section: Locator;
  /** The words of the recovery phrase while they are shown. */
  readonly words: Locator;
  /** The devices that this one has vouched for. */
  readonly devices: Locator;
  readonly alert: Locator;

  constructor(page: Page) {
    this.page = page;
    this.settings = new SettingsDialog(page);
    this.section = this.settings.content.locator("details").filter({ has: page.locator("mg-house-section") });
    this.words = page.getByRole("list", { name: "Recovery phrase" }).getByRole("listitem");
    this.devices = page.getByRole("list", { name: "Devices of the profile" }).getByRole("listitem");
    this.alert = this.settings.content.getByRole("alert");
  }

  async open(): Promise<void> {
    if (!(await this.settings.dialog.isVisible())) await this.settings.open();
    await this.settings.part("Profile");
  }

  press(name: string): Promise<void> {
    return this.settings.content.getByRole("button", { name, exact: true }).click();
  }

  field(name: string): Locator {
    return this.settings.content.getByRole("textbox", { name, exact: true });
  }

  /** Begins to create a house and returns the words that are shown. */
  async begin(name: string): Promise<string[]> {
    await this.press("Create a profile");
    await this.field("Name of the profile").fill(name);
    await this.press("Create the profile");
    await expect(this.words).toHaveCount(12);
    return this.words.allInnerTexts();
  }

  /** Answers the question for two of the words. */
  async confirm(words: readonly string[]): Promise<void> {
    const asked = this.settings.content.getByRole("textbox", { name: /^Word \d+$/ });
    await expect(asked).toHaveCount(2);
    for (const field of await asked.all()) {
      const label = await field.evaluate((input) => (input as HTMLInputElement).labels?.[0]?.innerText ?? "");
      await field.fill(words[Number(label.replace(/\D/g, "")) - 1] ?? "");
    }
    await this.press("Confirm");
  }

  async restore(name: string, phrase: string): Promise<void> {
    if (!(await this.field("Recovery phrase").isVisible())) await this.press("Restore a profile");
    await this.field("Name of the profile").fill(name);
    await this.field("Recovery phrase").fill(phrase);
    await this.press("Restore the profile");
  }

  /** Types a passphrase (twice for a new file) and presses the button below. */
  async passphrase(text: string, button: string, again?: string): Promise<void> {
    await this.field("Passphrase").fill(text);
    if (again !== undefined) await this.field("Passphrase again").fill(again);
    await this.press(button);
  }

  /** Saves a file under a passphrase that is typed twice. */
  async save(passphrase: string): Promise<Download> {
    const download = this.page.waitForEvent("download");
    await this.passphrase(passphrase, "Save the file", passphrase);
    return download;
  }

  /** Opens a file under a passphrase. */
  async load(file: GivenFile, passphrase: string, button: string): Promise<void> {
    await this.settings.content.getByLabel("File", { exact: true }).setInputFiles(file);
    await this.passphrase(passphrase, button);
  }

  /** The request of a device that wants to be vouched for. */
  async request(): Promise<string> {
    await this.press("I have a profile on another device");
    return this.field("1. Your request for the other device").inputValue();
  }

  /** Signs a request and returns the reply. */
  async vouch(request: string, label: string): Promise<string> {
    await this.press("Add another device");
    await this.field("1. The other device’s request").fill(request);
    await this.press("Use it");
    await this.field("Your name for it").fill(label);
    await this.press("Add it");
    return this.field("3. Your reply for the other device").inputValue();
  }

  /** Enters the reply of the other device. */
  async adopt(text: string): Promise<void> {
    await this.field("2. The other device’s reply").fill(text);
    await this.press("Use it");
  }
}
