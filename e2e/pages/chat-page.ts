/** The page itself: header, chat, notices. */
import { expect, type Locator, type Page } from "@playwright/test";
import { ConversationList } from "./conversation-list";
import { GUIDE_NAME } from "./guide-name";
import { ModelDialog } from "./model-dialog";
import { RoomPanel } from "./room-panel";
import { ChatSettingsPanel, SettingsDialog } from "./settings";

export class ChatPage {
  readonly page: Page;
  readonly conversations: ConversationList;
  readonly room: RoomPanel;
  readonly models: ModelDialog;
  readonly chatSettings: ChatSettingsPanel;
  readonly settings: SettingsDialog;
  /** The field for messages. */
  readonly message: Locator;
  readonly send: Locator;
  readonly stop: Locator;
  /** All answers, the last one last. */
  readonly answers: Locator;
  readonly questions: Locator;
  /** The button that names the model and where it runs, such as “Model: Guide · demo, WASM (CPU)”. */
  readonly model: Locator;
  /** The bar of a model that loads. */
  readonly loading: Locator;
  /** Loads the built-in model, if no device can answer. */
  readonly loadHere: Locator;
  /** Notices, errors and warnings, each with the role `alert`. */
  readonly alerts: Locator;

  constructor(page: Page) {
    this.page = page;
    this.conversations = new ConversationList(page);
    this.room = new RoomPanel(page);
    this.models = new ModelDialog(page);
    this.chatSettings = new ChatSettingsPanel(page);
    this.settings = new SettingsDialog(page);
    this.message = page.getByRole("textbox", { name: "Message", exact: true });
    this.send = page.getByRole("button", { name: "Send message" });
    this.stop = page.getByRole("button", { name: "Stop answering" });
    this.answers = page.getByRole("article", { name: "Answer" });
    this.questions = page.getByRole("article", { name: "You" });
    this.model = page.getByRole("button", { name: /^Model: / });
    this.loading = page.getByRole("progressbar");
    this.loadHere = page.getByRole("button", { name: `Load ${GUIDE_NAME} here`, exact: true });
    this.alerts = page.getByRole("alert");
  }

  /** Opens the page; `path` may carry a query or a fragment. */
  async goto(path = "/"): Promise<void> {
    await this.page.goto(path);
  }

  /** Waits until a model is ready in this tab; `backend` is the name in the header. */
  async ready(backend: "WebGPU" | "WASM (CPU)" | "any" = "any", timeout = 60_000): Promise<void> {
    const name =
      backend === "any"
        ? /^Model: .+, (WebGPU|WASM \(CPU\)|in the room)$/
        : new RegExp(`, ${backend.replace(/[()]/g, "\\$&")}$`);
    await expect(this.page.getByRole("button", { name })).toBeVisible({ timeout });
  }

  /** Sends a message and does not wait. */
  async ask(text: string): Promise<void> {
    await this.message.fill(text);
    await this.send.click();
  }

  /** Sends a message, waits for the whole answer and returns its text as shown. */
  async chat(text: string, timeout = 60_000): Promise<string> {
    const before = await this.answers.count();
    await this.ask(text);
    await expect(this.answers).toHaveCount(before + 1, { timeout });
    await this.finished(timeout);
    return this.answerText();
  }

  /** Waits until no answer is being written in the conversation that is shown. */
  async finished(timeout = 60_000): Promise<void> {
    await expect(this.answers.last()).toHaveAttribute("aria-busy", "false", { timeout });
  }

  /** The text of an answer as shown once the newest text has been read, without the line below it. */
  async answerText(answer: Locator = this.answers.last()): Promise<string> {
    await answer
      .locator("mg-markdown")
      .evaluate((view: HTMLElement & { updateComplete: Promise<unknown> }) => view.updateComplete);
    return answer.locator("mg-markdown .content").innerText();
  }

  /** The line below an answer, such as “On this device · Guide · demo”. */
  origin(answer: Locator = this.answers.last()): Locator {
    return answer.locator(".origin summary");
  }

  /** Opens the reasons below an answer and returns them. */
  async reasons(answer: Locator = this.answers.last()): Promise<string[]> {
    const list = answer.getByRole("list", { name: "Reasons" });
    if (!(await list.isVisible())) await this.origin(answer).click();
    return list.getByRole("listitem").allInnerTexts();
  }

  regenerate(): Promise<void> {
    return this.page.getByRole("button", { name: "Regenerate answer" }).click();
  }

  continueAnswer(): Promise<void> {
    return this.page.getByRole("button", { name: "Continue" }).click();
  }

  /** Edits a question and sends it again. */
  async edit(question: Locator, text: string): Promise<void> {
    await question.hover();
    await question.getByRole("button", { name: "Edit message" }).click();
    const field = this.page.getByRole("textbox", { name: "Edit message" });
    await field.fill(text);
    await this.page.getByRole("button", { name: "Send again" }).click();
  }

  /** Presses “Undo” in the toast that is shown. */
  undo(): Promise<void> {
    return this.page.getByRole("button", { name: "Undo" }).last().click();
  }
}
