/** The dialog “Models”. */
import type { Locator, Page } from "@playwright/test";

export class ModelDialog {
  readonly page: Page;
  readonly dialog: Locator;
  readonly search: Locator;
  /** One group for each model that is listed, named after it. */
  readonly rows: Locator;

  constructor(page: Page) {
    this.page = page;
    this.dialog = page.getByRole("dialog", { name: "Models" });
    this.search = page.getByRole("searchbox", { name: "Search models" });
    this.rows = page.getByRole("list", { name: /^Models/ }).getByRole("listitem");
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: /^Model: / }).click();
    await this.dialog.waitFor();
  }

  async close(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.dialog.waitFor({ state: "hidden" });
  }

  /** A model's row by its exact name. */
  row(name: string): Locator {
    return this.rows.filter({ has: this.page.getByRole("group", { name, exact: true }) });
  }

  filter(name: "All" | "Fits this device" | "Stored" | "ONNX" | "WebLLM"): Promise<void> {
    return this.page.getByRole("group", { name: "Filter" }).getByRole("button", { name, exact: true }).click();
  }

  /** Presses “Load”. */
  load(name: string): Promise<void> {
    return this.row(name)
      .getByRole("button", { name: /^Load / })
      .click();
  }

  cancel(name: string): Promise<void> {
    return this.row(name)
      .getByRole("button", { name: `Cancel loading ${name}` })
      .click();
  }

  use(name: string): Promise<void> {
    return this.row(name)
      .getByRole("button", { name: `Use ${name}` })
      .click();
  }

  unload(name: string): Promise<void> {
    return this.row(name)
      .getByRole("button", { name: `Unload ${name}` })
      .click();
  }

  remove(name: string): Promise<void> {
    return this.row(name)
      .getByRole("button", { name: `Remove ${name} from this device` })
      .click();
  }

  /** Adds a model by hub name or address; errors appear as an `alert` in the dialog. */
  async add(source: string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: "Name or address of a model" });
    if (!(await field.isVisible())) await this.page.getByRole("button", { name: "Add a model…" }).click();
    await field.fill(source);
    await this.page.getByRole("button", { name: "Add", exact: true }).click();
  }
}
