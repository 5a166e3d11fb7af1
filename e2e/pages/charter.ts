/** The form of a charter, the current rules, changes that wait for founders, and invites with limits. */
import type { Locator, Page } from "@playwright/test";
import { setSwitch } from "./room-panel";

/** Values that a test types into the form; omitted fields stay as they are. */
export interface CharterFields {
  readonly name?: string;
  readonly purpose?: string;
  readonly whoMayComeIn?: string;
  /** Names of the models that may answer. */
  readonly models?: readonly string[];
  readonly answersAtOnce?: string;
  readonly answersAnHour?: string;
  readonly tokensAnAnswer?: string;
  readonly expectedToShare?: boolean;
  readonly logs?: string;
  /** Dids of further founders. */
  readonly founders?: readonly string[];
  readonly quorum?: string;
}

/** The form for a new room or for the rules in force. */
export class CharterForm {
  readonly content: Locator;
  readonly alerts: Locator;

  constructor(page: Page) {
    this.content = page.locator("mg-charter-form");
    this.alerts = this.content.getByRole("alert");
  }

  field(name: string): Locator {
    return this.content.getByRole("textbox", { name, exact: true });
  }

  async fill(fields: CharterFields): Promise<void> {
    const texts: readonly (readonly [string, string | undefined])[] = [
      ["Answers at once", fields.answersAtOnce],
      ["Answers per hour", fields.answersAnHour],
      ["Answer length limit (tokens)", fields.tokensAnAnswer],
      ["What is logged", fields.logs],
      ["IDs of further owners", fields.founders?.join("\n")],
      ["Owners needed to agree to a change", fields.quorum],
    ];
    if (fields.name !== undefined) await this.field("Name of the room").fill(fields.name);
    await this.more();
    if (fields.purpose !== undefined) await this.field("Purpose").fill(fields.purpose);
    if (fields.whoMayComeIn !== undefined) {
      await this.content.getByRole("combobox", { name: "Who can join" }).click();
      await this.content.getByRole("option", { name: fields.whoMayComeIn }).click();
    }
    for (const [name, text] of texts) if (text !== undefined) await this.field(name).fill(text);
    if (fields.models) await this.allow(fields.models);
    if (fields.expectedToShare !== undefined) {
      await setSwitch(
        this.content.getByRole("switch", { name: "Members are expected to share" }),
        fields.expectedToShare,
      );
    }
  }

  /** Allows only these models. */
  async allow(models: readonly string[]): Promise<void> {
    await this.content.getByRole("radio", { name: "Only these" }).check();
    for (const name of models) await this.content.getByRole("checkbox", { name, exact: true }).check();
  }

  async more(): Promise<void> {
    if (!(await this.field("What is logged").isVisible())) await this.content.getByText("Advanced").click();
  }

  press(name: string): Promise<void> {
    return this.content.getByRole("button", { name, exact: true }).click();
  }
}

/** The dialog “Rules of …”. */
export class RulesDialog {
  readonly page: Page;
  readonly content: Locator;
  readonly rules: Locator;
  readonly form: CharterForm;

  constructor(page: Page) {
    this.page = page;
    this.content = page.locator("mg-charter-dialog");
    this.rules = this.content.getByRole("list", { name: "Rules" }).getByRole("listitem");
    this.form = new CharterForm(page);
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: "Rules", exact: true }).click();
    await this.rules.first().waitFor();
  }

  async close(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.content.waitFor({ state: "detached" });
  }

  /** Opens the form that changes the rules, for founders. */
  async edit(): Promise<void> {
    await this.content.getByRole("button", { name: "Change the rules" }).click();
    await this.form.content.waitFor();
  }
}

/** “Make an invite with limits”. */
export class InviteLimits {
  readonly content: Locator;
  readonly alert: Locator;
  readonly link: Locator;

  constructor(page: Page) {
    this.content = page.locator("mg-invite-limits");
    this.alert = this.content.getByRole("alert");
    this.link = this.content.getByRole("textbox", { name: "Link with limits" });
  }

  async open(): Promise<void> {
    await this.content.getByText("Make an invite with limits").click();
  }

  /** Requests an invite; days are written as `2027-05-01`. */
  async ask(uses: string, lastDay = ""): Promise<void> {
    const again = this.content.getByRole("button", { name: "Make another" });
    if (await again.isVisible()) await again.click();
    await this.content.getByRole("textbox", { name: "Number of uses" }).fill(uses);
    await this.content.getByLabel("Last day").fill(lastDay);
    await this.content.getByRole("button", { name: "Make the invite" }).click();
  }

  /** Makes an invite and returns its link. */
  async make(uses: string, lastDay?: string): Promise<string> {
    await this.ask(uses, lastDay);
    return this.link.inputValue();
  }
}
