/** Strangers with the stock PeerJS library, which lets the caller choose the decoder: our nodes make no connection. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import golden from "./fixtures/golden.json" with { type: "json" };
import { ask, expect, gridReady, loadModel, openRoom, test } from "./harness";
import { keepConnections } from "./harness/connections";

const PEERJS = readFileSync(new URL("../node_modules/peerjs/dist/peerjs.min.js", import.meta.url), "utf8");
const STRANGER = `<!doctype html><title>stock PeerJS</title><script>${PEERJS.replaceAll("</script", "<\\/script")}</script>`;
/** Every serialization of the stock library that decodes incoming bytes. */
const SERIALIZATIONS = ["binary", "binary-utf8", "json", "default"];
/** MessagePack: an array of 67 million entries that never follow. The stock decoder allocates memory for all. */
const BOMB = [0xdd, 4, 0, 0, 0];
const GREETING = golden.items[0]!;

interface StockConnection {
  open: boolean;
  readonly dataChannel: RTCDataChannel | undefined;
  on(event: "open" | "data" | "error", listener: (data: unknown) => void): void;
  send(data: unknown): void;
}
interface StockPeer {
  on(event: "open" | "connection" | "error", listener: (value: never) => void): void;
  connect(id: string, options: { serialization: string; reliable: boolean }): StockConnection;
}
interface StockWindow {
  Peer: new (id: string, options: object) => StockPeer;
  peer: StockPeer;
  dialled: Record<string, StockConnection>;
  received: unknown[];
}

/** Puts a page of the stock library online. It accepts all connections and messages. */
async function goOnline(page: Page, id: string, port: number): Promise<void> {
  await page.evaluate(
    ([name, at]) => {
      const here = window as unknown as StockWindow;
      here.dialled = {};
      here.received = [];
      here.peer = new here.Peer(name, { host: "localhost", port: at, path: "/microgrid", config: { iceServers: [] } });
      here.peer.on("connection", (connection: StockConnection) => {
        connection.on("data", (data) => here.received.push(data));
      });
      here.peer.on("error", () => undefined);
      return new Promise<void>((resolve) => here.peer.on("open", () => resolve()));
    },
    [id, port] as const,
  );
}

/** Dials `id` as the stock library does. Once open, it sends raw bytes over the channel, past any encoder. */
function dialAndSend(page: Page, id: string, serialization: string, bytes: readonly number[]): Promise<void> {
  return page.evaluate(
    ([to, kind, raw]) => {
      const here = window as unknown as StockWindow;
      const connection = here.peer.connect(to, { serialization: kind, reliable: true });
      here.dialled[`${to} ${kind}`] = connection;
      connection.on("open", () => connection.dataChannel?.send(new Uint8Array(raw)));
    },
    [id, serialization, bytes] as const,
  );
}

test("a stock PeerJS client reaches a stock PeerJS page and chooses its decoder", async ({
  foreignSite,
  openSite,
  signaling,
}) => {
  const { url } = await foreignSite({ "/": STRANGER });
  const [victim, stranger] = [await openSite({ name: "stock victim", url }), await openSite({ name: "stranger", url })];
  await goOnline(victim.page, "stock-victim", signaling.port);
  await goOnline(stranger.page, "stranger", signaling.port);
  // MessagePack for the number 42: harmless, and only the decoder that the stranger chose turns it into a number.
  await dialAndSend(stranger.page, "stock-victim", "binary", [42]);
  await expect.poll(() => victim.page.evaluate(() => (window as unknown as StockWindow).received)).toEqual([42]);
});

test("the same client gets no connection to a node, whatever it requests", async ({
  foreignSite,
  openSite,
  signaling,
}) => {
  const ids = new Set<string>();
  const heard: { src: string; serialization: string }[] = [];
  const victim = await openSite({
    name: "victim",
    // PeerJS itself throws for what it does not know.
    expectProblems: [/is not a constructor/],
    prepare: async ({ page }) => {
      await page.addInitScript(keepConnections);
      page.on("websocket", (line) => {
        const id = new URL(line.url()).searchParams.get("id");
        if (!id) return;
        ids.add(id);
        line.on("close", () => ids.delete(id));
        line.on("framereceived", ({ payload }) => {
          const message = JSON.parse(String(payload)) as { type: string; src: string; payload?: never };
          if (message.type === "OFFER") heard.push({ src: message.src, ...(message.payload ?? { serialization: "" }) });
        });
      });
    },
  });
  await gridReady(victim);
  await loadModel(victim);
  await openRoom(victim);
  // Its own id, and the one under which guests look for it.
  await expect.poll(() => ids.size).toBe(2);
  const { url } = await foreignSite({ "/": STRANGER });
  const stranger = await openSite({ name: "stranger", url });
  await goOnline(stranger.page, "stranger", signaling.port);
  const targets = [...ids];
  const made = () => victim.page.evaluate(() => (window as unknown as { made: unknown[] }).made.length);
  // PeerJS makes one to find out what the browser supports.
  const before = await made();
  for (const id of targets) {
    for (const serialization of SERIALIZATIONS) await dialAndSend(stranger.page, id, serialization, BOMB);
  }
  const asked = (): string[] => heard.filter(({ src }) => src === "stranger").map(({ serialization }) => serialization);
  await expect.poll(() => asked().length).toBeGreaterThanOrEqual(SERIALIZATIONS.length * 2);
  // Three of the four names mean the same decoder, so the offer has its name.
  expect(new Set(asked())).toEqual(new Set(["binary", "json"]));
  const answer = await ask(victim, GREETING.messages[0]!.content);
  expect(answer.text).toBe(GREETING.completion);
  expect(await made()).toBe(before);
  const open = await stranger.page.evaluate(() =>
    Object.values((window as unknown as StockWindow).dialled).filter((connection) => connection.open),
  );
  expect(open).toEqual([]);
});
