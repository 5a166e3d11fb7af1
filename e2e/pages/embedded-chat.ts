/** `<microgrid-chat>` on any page. */
import { expect, type Locator, type Page } from "@playwright/test";

/** The element as a user of the page around it sees it; Playwright's locators look into open shadow roots. */
export class EmbeddedChat {
  readonly root: Locator;
  readonly answers: Locator;
  readonly message: Locator;
  readonly question: Locator;
  /** Where an answer was computed: the line, and all that it folds. */
  readonly origin: Locator;
  readonly reasons: Locator;

  constructor({ page }: { readonly page: Page }, nth = 0) {
    this.root = page.locator("microgrid-chat").nth(nth);
    this.answers = this.root.getByRole("article", { name: "Answer" });
    this.message = this.root.getByRole("textbox", { name: "Message" });
    this.question = this.root.getByRole("form", { name: "Join a room?" });
    this.origin = this.root.locator("details summary");
    this.reasons = this.root.getByRole("list", { name: "Reasons", includeHidden: true });
  }

  async ready(): Promise<void> {
    await expect(this.root.getByRole("progressbar")).toHaveCount(0);
    await expect(this.message).toBeVisible();
  }

  /** Asks, and waits until the answer has ended in any way. */
  async ask(text: string): Promise<void> {
    const before = await this.answers.count();
    await this.message.fill(text);
    await this.root.getByRole("button", { name: "Send message" }).click();
    await expect(this.answers).toHaveCount(before + 1);
    await expect(this.answers.last()).toHaveAttribute("aria-busy", "false");
  }
}
