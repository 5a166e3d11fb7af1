/** A model over several devices: the plan in the models dialog, consent, and the list in the room's panel. */
import { expect, type Locator, type Page } from "@playwright/test";
import { setSwitch } from "./room-panel";

export class PipelineView {
  readonly page: Page;
  /** The plan, the forming of a pipeline, and the result. */
  readonly dialog: Locator;
  readonly form: Locator;
  /** The stops of a token's way around the ring, this device first. */
  readonly stops: Locator;
  readonly leftOut: Locator;
  readonly devices: Locator;
  /** “Running together” in the room's panel: the pipelines of this device, and the layers that it holds for others. */
  readonly running: Locator;
  readonly holding: Locator;

  constructor(page: Page) {
    this.page = page;
    this.dialog = page.getByRole("dialog", { name: "Run with the room" });
    this.form = page.getByRole("button", { name: "Start", exact: true });
    this.stops = page.getByRole("list", { name: "Path of one token" }).getByRole("listitem");
    this.leftOut = page.getByRole("list", { name: "Not taking part" }).getByRole("listitem");
    this.devices = page.getByLabel("Devices with layers");
    this.running = page.getByRole("region", { name: "Running together" });
    this.holding = page.getByRole("list", { name: "Layers held for others" }).getByRole("listitem");
  }

  /** Presses the model's button for a plan, and waits for the plan or for what is missing. */
  async plan(model: string): Promise<void> {
    await this.page
      .getByRole("button", { name: new RegExp(`^(Run|Ask the room to run) ${model}( with the room)?$`) })
      .click();
    await this.planned();
  }

  /** Waits until everybody has answered. */
  async planned(): Promise<void> {
    await expect(this.page.getByRole("button", { name: "Recalculate" })).toBeVisible();
  }

  /** Gives memory in the sharing settings. */
  async giveLayers(): Promise<void> {
    await setSwitch(this.page.getByRole("switch", { name: "Hold layers of larger models" }), true);
  }

  close(model: string): Promise<void> {
    return this.running.getByRole("button", { name: `Close the pipeline of ${model}` }).click();
  }
}
