/** Servers of one's own and kept rooms, as a user sees them in the page. */
import { expect, type OpenOptions, type OpenSite, shot, type SitePage, test } from "./harness";
import { Signaling } from "./harness/signaling";
import { CharterForm, ChatPage, NetworkPage } from "./pages";

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

async function visitor(openSite: OpenSite, options: OpenOptions): Promise<{ site: SitePage; chat: ChatPage }> {
  const site = await openSite({ context: DESK, ...options });
  const chat = new ChatPage(site.page);
  await expect(chat.message).toBeVisible();
  return { site, chat };
}

test("own servers are checked and used; rooms can be left, entered again and forgotten", async ({
  openSite,
  signaling,
}) => {
  const own = await Signaling.start();
  try {
    const noise = ["ERR_CONNECTION_REFUSED", "WebSocket"];
    const ada = await visitor(openSite, { name: "Ada", expectProblems: noise });
    const network = new NetworkPage(ada.site.page);
    await network.open();
    const sites = await network.signaling.inputValue();
    await network.signaling.fill("signal.example");
    await network.relay(true);
    await network.press("Save the servers");
    await expect(network.alerts).toHaveText([/^“signal.example”: not a server address/, /need a TURN server/]);
    await shot(ada.site, "network-wrong");
    await network.signaling.fill(`http://localhost:${own.port}/microgrid`);
    await network.press("Add an ICE server");
    const server = network.servers.first();
    await network.fill(server, "turn.example:3478");
    await network.press("Save the servers");
    await expect(network.alerts.first()).toContainText("“turn.example:3478” is not the address of an ICE server");
    await network.fill(server, "turn:turn.example:3478");
    await network.press("Save the servers");
    await expect(network.alerts).toHaveText(["A TURN server needs a user name and a password."]);
    await network.fill(server, "turn:turn.example:3478", "ada", "secret");
    await network.press("Save the servers");
    await expect(network.status).toHaveText("Saved. The servers are used from the next room on.");
    await shot(ada.site, "network-saved");

    // The saved settings stay.
    await ada.site.page.reload();
    await network.open();
    await expect(network.relayOnly).toBeChecked();
    await expect(server.getByRole("textbox", { name: "Address" })).toHaveValue("turn:turn.example:3478");
    await network.relay(false);
    await network.press("Save the servers");
    await expect(network.status).toContainText("Saved.");
    await network.settings.close();

    // The site's own server is gone: they meet through Ada's.
    await signaling.kill();
    const invite = await ada.chat.room.create("Attic", { share: false });
    const ben = await visitor(openSite, {
      name: "Ben",
      url: invite,
      context: { ...PHONE, colorScheme: "dark" },
      expectProblems: noise,
    });
    await expect(ben.chat.room.questionText).toContainText(
      `Connects through localhost:${own.port} (it sees your IP address)`,
    );
    await ben.chat.room.join("Ben");
    await expect(ada.chat.room.member("Ben")).toBeVisible();

    await ben.chat.room.leave();
    await expect(ada.chat.room.members).toHaveCount(1);
    const kept = ben.site.page.getByRole("list", { name: "Your rooms" }).getByRole("listitem");
    await expect(kept).toHaveText([/Attic/]);
    await shot(ben.site, "rooms-kept");
    await kept.getByRole("button", { name: "Enter Attic" }).click();
    await expect(ada.chat.room.member("Ben")).toBeVisible();
    await ben.chat.room.leave();
    await kept.getByRole("button", { name: "Forget Attic" }).click();
    await expect(kept).toHaveCount(0);
    await ben.site.page.reload();
    await ben.chat.room.open();
    await expect(new CharterForm(ben.site.page).content).toBeVisible();
    await expect(kept).toHaveCount(0);

    const phone = new NetworkPage(ben.site.page);
    await ben.site.page.getByRole("button", { name: "Close panel" }).click();
    await ben.chat.conversations.open();
    await phone.open();
    await phone.press("Add an ICE server");
    await phone.fill(phone.servers.first(), "stun:stun.example:3478");
    await shot(ben.site, "network-phone-dark");
    await network.open();
    await network.press("Restore the site’s servers");
    await expect(network.signaling).toHaveValue(sites);
    await expect(network.servers).toHaveCount(0);
    await expect(network.relayOnly).not.toBeChecked();
  } finally {
    await own.kill();
  }
});
