/** The panel of the room, and the question that an invite asks. */
import { expect, type Locator, type Page } from "@playwright/test";

export class RoomPanel {
  readonly page: Page;
  readonly panel: Locator;
  /** “Open a room”, or “Room <name>, <n> here”, perhaps with the number of people asking to join and a request for help. */
  readonly button: Locator;
  readonly invite: Locator;
  /** An invite for one person, once it is made. */
  readonly inviteForOne: Locator;
  readonly qr: Locator;
  /** Everybody who is here, this node first. */
  readonly members: Locator;
  readonly sharing: Locator;
  /** The question of an invite, or why it does not work. */
  readonly question: Locator;
  /** People asking to join. */
  readonly knocks: Locator;
  /** The rules, in the question or in the dialog “Rules of …”. */
  readonly rules: Locator;
  /** The text of the question. It is slotted, so the dialog's own text does not include it. */
  readonly questionText: Locator;

  constructor(page: Page) {
    this.page = page;
    this.panel = page.getByRole("complementary", { name: "Room" });
    this.button = page.getByRole("button", {
      name: /^(Open a room|Room .+, \d+ here(, \d+ asking to join)?(, this device is asked to help .+)?)$/,
    });
    this.invite = page.getByRole("textbox", { name: "Invite link" });
    this.inviteForOne = page.getByRole("textbox", { name: "Link for one person" });
    this.qr = page.getByRole("img", { name: "QR code of the invite link" });
    this.members = page.getByRole("list", { name: "Who is here" }).getByRole("listitem");
    this.sharing = this.panel.getByRole("switch", { name: "Share this device" });
    this.question = page.getByRole("dialog", { name: /^(Join “.+”\?|This invite does not work)$/ });
    this.knocks = this.panel.getByRole("list", { name: "People asking to join" }).getByRole("listitem");
    this.rules = page.getByRole("list", { name: "Rules" }).getByRole("listitem");
    this.questionText = page.locator("mg-join-dialog");
  }

  async open(): Promise<void> {
    if (!(await this.panel.isVisible())) await this.button.click();
    await this.panel.waitFor();
  }

  /** Opens a room, sharing this device or not, and returns its invite. */
  async create(name: string, { share = true, whoMayComeIn = "" } = {}): Promise<string> {
    await this.open();
    await this.page.getByRole("textbox", { name: "Name of the room" }).fill(name);
    if (whoMayComeIn !== "") {
      await this.panel.getByText("Advanced").click();
      await this.page.getByRole("combobox", { name: "Who can join" }).click();
      await this.page.getByRole("option", { name: whoMayComeIn }).click();
    }
    await setSwitch(this.sharing, share);
    await this.page.getByRole("button", { name: "Open the room" }).click();
    await expect(this.invite).toBeVisible();
    await expect(this.sharing).toBeChecked({ checked: share });
    return this.invite.inputValue();
  }

  /**
   * Says yes to the question that the invite in the address asks, once the rules are there; `name` changes the user's
   * name. With `anyway`, it does not wait for a member that can show the rules.
   */
  async join(name?: string, { anyway = false } = {}): Promise<void> {
    await this.question.waitFor();
    if (name !== undefined) await this.page.getByRole("textbox", { name: "Your name in the room" }).fill(name);
    await this.page.getByRole("button", { name: anyway ? "Join anyway" : "Join", exact: true }).click();
    await expect(this.question).toBeHidden();
  }

  /** Asks to join a room whose members decide. */
  async knock(name: string): Promise<void> {
    await this.question.waitFor();
    await this.page.getByRole("textbox", { name: "Your name in the room" }).fill(name);
    await this.page.getByRole("button", { name: "Ask to join" }).click();
    await expect(this.question).toBeHidden();
  }

  /** Turns sharing on or off. The drawing of the switch covers its input, so this uses the keyboard. */
  async share(on: boolean): Promise<void> {
    await this.open();
    await setSwitch(this.sharing, on);
  }

  /** Opens the exchange of two texts for devices without a common signaling server. */
  async byHand(): Promise<HandLink> {
    await this.open();
    await this.panel.getByText("Connect without a server").click();
    return new HandLink(this.page);
  }

  member(name: string): Locator {
    return this.members.filter({ hasText: name });
  }

  async leave(): Promise<void> {
    await this.open();
    await this.page.getByRole("button", { name: "Leave the room" }).click();
    await this.page.getByRole("button", { name: "Leave", exact: true }).click();
  }
}

/** “Connect without a server”: one side makes an offer, the other answers it. */
export class HandLink {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Makes an offer and returns its text. */
  async offer(): Promise<string> {
    await this.page.getByRole("button", { name: "Make an offer" }).click();
    return this.page.getByRole("textbox", { name: /^1\. Your offer/ }).inputValue();
  }

  /** Answers an offer and returns the text of the answer. */
  async answer(offer: string): Promise<string> {
    await this.page.getByRole("textbox", { name: "Or the other device’s offer" }).fill(offer);
    await this.page.getByRole("button", { name: "Make an answer" }).click();
    return this.page.getByRole("textbox", { name: /^Your answer/ }).inputValue();
  }

  async connect(answer: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "2. The other device’s answer" }).fill(answer);
    await this.page.getByRole("button", { name: "Connect", exact: true }).click();
  }
}

/** Sets a switch to a state. */
export async function setSwitch(control: Locator, on: boolean): Promise<void> {
  if ((await control.isChecked()) !== on) await control.press("Space");
  await expect(control).toBeChecked({ checked: on });
}
