/** The servers of this device, in the settings. */
import type { Locator, Page } from "@playwright/test";
import { setSwitch } from "./room-panel";
import { SettingsDialog } from "./settings";

export class NetworkPage {
  readonly settings: SettingsDialog;
  readonly content: Locator;
  readonly signaling: Locator;
  /** One for each ICE server. */
  readonly servers: Locator;
  readonly relayOnly: Locator;
  readonly alerts: Locator;
  readonly status: Locator;

  constructor(page: Page) {
    this.settings = new SettingsDialog(page);
    this.content = page.locator("mg-network-section");
    this.signaling = this.content.getByRole("textbox", { name: "Signaling servers" });
    this.servers = this.content.getByRole("list", { name: "ICE servers" }).getByRole("listitem");
    this.relayOnly = this.content.getByRole("switch", { name: "Only relayed connections" });
    this.alerts = this.content.getByRole("alert");
    this.status = this.content.getByRole("status");
  }

  async open(): Promise<void> {
    if (!(await this.settings.dialog.isVisible())) await this.settings.open();
    await this.settings.part("Network");
  }

  press(name: "Add an ICE server" | "Save the servers" | "Restore the site’s servers"): Promise<void> {
    return this.content.getByRole("button", { name, exact: true }).click();
  }

  async relay(on: boolean): Promise<void> {
    await setSwitch(this.relayOnly, on);
  }

  /** Fills in one of the ICE servers. */
  async fill(server: Locator, address: string, user = "", password = ""): Promise<void> {
    await server.getByRole("textbox", { name: "Address" }).fill(address);
    await server.getByRole("textbox", { name: "User" }).fill(user);
    await server.getByLabel("Password", { exact: true }).fill(password);
  }
}
