/** `<microgrid-room>` and `<microgrid-node>` on any page. */
import type { Locator, Page } from "@playwright/test";

/** The question before a room, of any element. */
class RoomQuestion {
  readonly root: Locator;
  readonly question: Locator;

  constructor(root: Locator) {
    this.root = root;
    this.question = root.getByRole("form", { name: "Join a room?" });
  }

  /** Opens the invite, and joins under a name. */
  async join(name: string): Promise<void> {
    await this.#open(name);
    await this.question.getByRole("button", { name: "Join", exact: true }).click();
  }

  /** Opens the invite of a room whose members let guests in, and asks them. */
  async knock(name: string): Promise<void> {
    await this.#open(name);
    await this.question.getByRole("button", { name: "Ask to join" }).click();
  }

  async #open(name: string): Promise<void> {
    await this.question.getByRole("textbox", { name: "Your name in the room" }).fill(name);
    await this.question.getByRole("button", { name: "Open invite" }).click();
  }
}

export class EmbeddedRoom extends RoomQuestion {
  /** Everybody who is here, this device first. */
  readonly members: Locator;
  readonly sharing: Locator;
  readonly invite: Locator;
  /** The people who ask to join. */
  readonly knocks: Locator;

  constructor({ page }: { readonly page: Page }) {
    const root = page.locator("microgrid-room");
    super(root);
    this.members = root.getByRole("list", { name: "Who is here" }).getByRole("listitem");
    this.sharing = root.getByRole("switch", { name: "Share this device" });
    this.knocks = root.getByRole("list", { name: "People asking to join" }).getByRole("listitem");
    this.invite = root.getByRole("textbox", { name: "Invite link" });
  }
}

export class EmbeddedNode extends RoomQuestion {
  /** The line that says what the device does for others. */
  readonly status: Locator;
  readonly stop: Locator;

  constructor({ page }: { readonly page: Page }, nth = 0) {
    const root = page.locator("microgrid-node").nth(nth);
    super(root);
    this.status = root.getByRole("status");
    this.stop = root.getByRole("button", { name: "Stop sharing this device" });
  }
}
