/** A hostile signaling server: what PeerJS would let it do to links, and what ours do not. */
import type { WebSocketRoute } from "@playwright/test";
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  ask,
  expect,
  expectPeers,
  gridReady,
  joinRoom,
  loadModel,
  type OpenOptions,
  openRoom,
  roomOf,
  type SitePage,
  test,
  withoutModel,
} from "./harness";

const GREETING = golden.items[0]!;

interface ServerMessage {
  readonly type: string;
  readonly src?: string;
  readonly payload?: { connectionId?: string; serialization?: string; sdp?: { sdp: string } };
}

interface Link {
  readonly src: string;
  readonly connectionId: string;
  readonly sdp: { readonly sdp: string };
}

/** Reads along on a page's lines to signaling, and speaks in the server's name. */
class HostileServer {
  readonly heard: ServerMessage[] = [];
  readonly #lines: WebSocketRoute[] = [];

  readonly prepare = async ({ page }: SitePage): Promise<void> => {
    await page.addInitScript(() => {
      const made: RTCPeerConnection[] = [];
      const Original = RTCPeerConnection;
      window.RTCPeerConnection = class extends Original {
        constructor(...args: [RTCConfiguration?]) {
          super(...args);
          made.push(this);
        }
      };
      Object.assign(window, { made });
    });
    await page.routeWebSocket(/peerjs/, (line) => {
      this.#lines.push(line);
      const server = line.connectToServer();
      line.onMessage((message) => server.send(message));
      server.onMessage((message) => {
        this.heard.push(JSON.parse(String(message)) as ServerMessage);
        line.send(message);
      });
    });
  };

  /** Sends a message to the page on all its lines. */
  say(message: object): void {
    for (const line of this.#lines) line.send(JSON.stringify(message));
  }

  /** The offers and answers that brought up links, the last first: each tells a peer's address and a connection's id. */
  get links(): Link[] {
    return this.heard
      .filter(({ type }) => type === "OFFER" || type === "ANSWER")
      .flatMap(({ src, payload }) => {
        const { connectionId, sdp } = payload ?? {};
        return src !== undefined && connectionId !== undefined && sdp ? [{ src, connectionId, sdp }] : [];
      })
      .reverse();
  }
}

/** The states of all connections of a page that were given this session description (known by its ICE name). */
const statesOf = ({ page }: SitePage, { sdp }: { sdp: string }): Promise<string[]> =>
  page.evaluate(
    (ufrag) =>
      (window as unknown as { made: RTCPeerConnection[] }).made
        .filter(({ remoteDescription }) => remoteDescription?.sdp.includes(ufrag))
        .map(({ connectionState }) => connectionState),
    /a=ice-ufrag:\S+/.exec(sdp)![0],
  );

/** How many connections a page has made so far, its own look-outs for others included. */
const connections = ({ page }: SitePage): Promise<number> =>
  page.evaluate(() => (window as unknown as { made: unknown[] }).made.length);

/** A victim whose signaling is hostile, linked to a peer that offers the guide. */
async function linked(
  openSite: (options?: OpenOptions) => Promise<SitePage>,
  expectProblems: readonly (string | RegExp)[] = [],
) {
  const hostile = new HostileServer();
  const peer = await openSite({ name: "peer" });
  await gridReady(peer);
  await loadModel(peer);
  const victim = await openSite({ name: "victim", prepare: hostile.prepare, expectProblems });
  await gridReady(victim);
  await withoutModel(victim);
  await joinRoom(victim, await openRoom(peer));
  await expectPeers(victim, 1, 1);
  // Lines that were only made to get acquainted are closed by now or will be; the link stays.
  for (const link of hostile.links) {
    if ((await statesOf(victim, link.sdp)).includes("connected")) return { hostile, victim, link };
  }
  throw new Error("the victim has no link");
}

/** The link must still be the same one, and work. */
async function expectLinkWorks(victim: SitePage): Promise<void> {
  await expectPeers(victim, 1, 1);
  const answer = await ask(victim, GREETING.messages[0]!.content);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(GREETING.completion);
}

test("a LEAVE from the server does not close a link", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite);
  hostile.say({ type: "LEAVE", src: link.src });
  await expectLinkWorks(victim);
  expect(await statesOf(victim, link.sdp)).toEqual(["connected"]);
});

test("an offer that repeats a connection's id does not close the link", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS/, /setRemoteDescription|SessionDescription|sdp/i]);
  const { src, connectionId, sdp } = link;
  const payload = { connectionId, sdp, type: "data", serialization: "raw", label: "control", reliable: true };
  hostile.say({ type: "OFFER", src, payload });
  await expectLinkWorks(victim);
});

test("only our own serialization makes a connection; everything else is refused without one", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS|is not a constructor/]);
  const { sdp } = link;
  const kinds = ["default", "json", "binary", "binary-utf8", "constructor", "toString", "nonsense"];
  for (const serialization of kinds) {
    const payload = { connectionId: `dc_${serialization}`, sdp, type: "data", serialization, label: "x" };
    hostile.say({ type: "OFFER", src: "stranger", payload });
    hostile.say({
      type: "CANDIDATE",
      src: "stranger",
      payload: { connectionId: `dc_${serialization}`, candidate: {} },
    });
  }
  await expectLinkWorks(victim);
  // The offers carried the description of the link itself: that is the one connection which knows it.
  expect(await statesOf(victim, sdp)).toEqual(["connected"]);
});

test("a media call is closed, and reaches nobody", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS/]);
  const { sdp } = link;
  hostile.say({ type: "OFFER", src: "stranger", payload: { connectionId: "mc_1", sdp, type: "media" } });
  await expectLinkWorks(victim);
});

test("strangers' offers are half open in bounded number", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS/]);
  const before = await connections(victim);
  const { sdp } = link;
  for (let i = 0; i < 200; i++) {
    const payload = { connectionId: `dc_${i}`, sdp, type: "data", serialization: "raw", label: "control" };
    hostile.say({ type: "OFFER", src: `stranger${i}`, payload });
  }
  await expectLinkWorks(victim);
  // Each of the page's presences has its own limit of 16.
  expect((await connections(victim)) - before).toBeLessThanOrEqual(3 * 16);
});

test("a second channel, opened by the other side, does not take the place of control", async ({ openSite }) => {
  const victim = await openSite({ name: "victim" });
  await gridReady(victim);
  await loadModel(victim);
  const invite = await openRoom(victim);
  const rogue = await openSite({
    name: "rogue",
    prepare: async ({ page }) => {
      await page.addInitScript(() => {
        const create = RTCPeerConnection.prototype.createDataChannel;
        RTCPeerConnection.prototype.createDataChannel = function (label, options) {
          const channel = create.call(this, label, options);
          if (label === "control") {
            channel.addEventListener("open", () => {
              const second = create.call(this, "control", { ordered: true });
              second.addEventListener("open", () => second.send("a text that nobody asked for"));
              second.addEventListener("close", () => Object.assign(window, { secondClosed: true }));
            });
          }
          return channel;
        };
      });
    },
  });
  await gridReady(rogue);
  await withoutModel(rogue);
  await joinRoom(rogue, invite);
  await expectPeers(rogue, 1, 1);
  await rogue.page.waitForFunction(() => "secondClosed" in window);
  await expectLinkWorks(rogue);
});

test("who sits in between and shows certificates of their own is refused", async ({ openSite }) => {
  const peer = await openSite({ name: "peer" });
  await gridReady(peer);
  const invite = await openRoom(peer, false);
  // DTLS itself refuses a swapped fingerprint; the handshake is there for one who also answers with that key.
  // What can be had without a second WebRTC stack: each side is made to believe in another certificate.
  const victim = await openSite({
    name: "victim",
    prepare: async ({ page }) => {
      await page.addInitScript(() => {
        RTCDtlsTransport.prototype.getRemoteCertificates = () => [new ArrayBuffer(300)];
      });
    },
  });
  await gridReady(victim);
  await joinRoom(victim, invite);
  await expect
    .poll(async () =>
      (await victim.page.evaluate(() => window.microgrid!.state.notices)).map(({ text }) => text).join(),
    )
    .toMatch(/tampered/);
  expect((await roomOf(victim)).peers).toEqual([]);
  expect((await roomOf(peer)).peers).toEqual([]);
});
