/** A hostile signaling server: PeerJS alone would let it harm links, but ours are safe. */
import type { WebSocketRoute } from "@playwright/test";
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  ask,
  expect,
  expectPeers,
  gridReady,
  joinRoom,
  type OpenOptions,
  openRoom,
  roomOf,
  type SitePage,
  test,
  withoutModel,
  visitorWithModel,
} from "./harness";
import { keepConnections } from "./harness/connections";

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

/** Reads a page's connections to signaling, and speaks in the server's name. */
class HostileServer {
  readonly heard: ServerMessage[] = [];
  readonly #lines: WebSocketRoute[] = [];

  readonly prepare = async ({ page }: SitePage): Promise<void> => {
    await page.addInitScript(keepConnections);
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

  /** Sends a message to the page on all its connections. */
  say(message: object): void {
    for (const line of this.#lines) line.send(JSON.stringify(message));
  }

  /** The offers and answers that made links, the last first. Each has a peer's address and a connection's id. */
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

/** How many connections a page has made so far, including those with which it looks for others. */
const connections = ({ page }: SitePage): Promise<number> =>
  page.evaluate(() => (window as unknown as { made: unknown[] }).made.length);

/** A victim of hostile signaling, linked to a peer that offers the guide. */
async function linked(
  openSite: (options?: OpenOptions) => Promise<SitePage>,
  expectProblems: readonly (string | RegExp)[] = [],
) {
  const hostile = new HostileServer();
  const peer = await visitorWithModel(openSite, { name: "peer" });
  const victim = await openSite({ name: "victim", prepare: hostile.prepare, expectProblems });
  await gridReady(victim);
  await withoutModel(victim);
  await joinRoom(victim, await openRoom(peer));
  await expectPeers(victim, 1, 1);
  // Connections that only introduced the nodes are closed or will be; the link stays.
  for (const link of hostile.links) {
    if ((await statesOf(victim, link.sdp)).includes("connected")) return { hostile, victim, link };
  }
  throw new Error("the victim has no link");
}

/** The link must still be the same, and work. */
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

test("only our own serialization makes a connection; all others are refused without one", async ({ openSite }) => {
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

test("a media call is closed before it reaches the page", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS/]);
  const { sdp } = link;
  hostile.say({ type: "OFFER", src: "stranger", payload: { connectionId: "mc_1", sdp, type: "media" } });
  await expectLinkWorks(victim);
});

test("the number of half-open offers from strangers is limited", async ({ openSite }) => {
  const { hostile, victim, link } = await linked(openSite, [/PeerJS/]);
  const before = await connections(victim);
  const { sdp } = link;
  for (let i = 0; i < 200; i++) {
    const payload = { connectionId: `dc_${i}`, sdp, type: "data", serialization: "raw", label: "control" };
    hostile.say({ type: "OFFER", src: `stranger${i}`, payload });
  }
  await expectLinkWorks(victim);
  // Each of the page's registrations has its own limit of 16.
  expect((await connections(victim)) - before).toBeLessThanOrEqual(3 * 16);
});

test("a second channel, opened by the other side, does not replace the control channel", async ({ openSite }) => {
  const victim = await visitorWithModel(openSite, { name: "victim" });
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

test("a man in the middle with his own certificates is refused", async ({ openSite }) => {
  const peer = await openSite({ name: "peer" });
  await gridReady(peer);
  const invite = await openRoom(peer, false);
  // DTLS itself refuses a swapped fingerprint. The handshake refuses an attacker that also has the matching key.
  // Without a second WebRTC stack, this can only make each side believe in another certificate.
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
