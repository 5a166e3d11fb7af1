/** Tests of the harness itself, with plain pages and plain WebRTC, because other tests rely on it. */
import type { Page } from "@playwright/test";
import { expect, test, type NetworkPath } from "./harness";

/** Runs in a page: one end of a data channel that answers `ping` and records all messages. */
interface Wire {
  readonly connection: RTCPeerConnection;
  channel?: RTCDataChannel;
  readonly heard: string[];
}
declare global {
  interface Window {
    wire: Wire;
  }
}

const BLANK = "<!doctype html><title>blank</title>";

function candidatesGathered(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { connection } = window.wire;
    while (connection.iceGatheringState !== "complete") {
      await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    return JSON.stringify(connection.localDescription);
  });
}

async function createWire(page: Page, network: NetworkPath | undefined): Promise<void> {
  await page.evaluate((config) => {
    const connection = new RTCPeerConnection(config);
    const wire: Wire = { connection, heard: [] };
    window.wire = wire;
    connection.addEventListener("datachannel", ({ channel }) => {
      wire.channel = channel;
      channel.addEventListener("message", ({ data }: MessageEvent<string>) => {
        wire.heard.push(data);
        channel.send(`re: ${data}`);
      });
    });
  }, network?.config ?? {});
}

/** Connects two pages by hand, without any signaling. */
async function connect(a: Page, b: Page, networks: readonly [NetworkPath, NetworkPath] | undefined): Promise<void> {
  await createWire(a, networks?.[0]);
  await createWire(b, networks?.[1]);
  await a.evaluate(async () => {
    const { wire } = window;
    const channel = wire.connection.createDataChannel("test");
    channel.addEventListener("message", ({ data }: MessageEvent<string>) => wire.heard.push(data));
    wire.channel = channel;
    await wire.connection.setLocalDescription();
  });
  const offer = await candidatesGathered(a);
  await b.evaluate(async (json) => {
    const { connection } = window.wire;
    await connection.setRemoteDescription(JSON.parse(json) as RTCSessionDescriptionInit);
    await connection.setLocalDescription();
  }, offer);
  const answer = await candidatesGathered(b);
  await a.evaluate(async (json) => {
    const { connection, channel } = window.wire;
    await connection.setRemoteDescription(JSON.parse(json) as RTCSessionDescriptionInit);
    while (channel?.readyState !== "open")
      await new Promise((r) => channel?.addEventListener("open", r, { once: true }));
  }, answer);
}

/** Median time from a message to its answer, ms. */
function roundTripMs(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const times: number[] = [];
    const { channel } = window.wire;
    for (let i = 0; i < 9; i += 1) {
      const start = performance.now();
      channel?.send(`ping ${i}`);
      await new Promise((resolve) => channel?.addEventListener("message", resolve, { once: true }));
      times.push(performance.now() - start);
    }
    return times.sort((x, y) => x - y)[4] ?? NaN;
  });
}

test("pages meet through coturn, with the delay that their networks have", async ({ openSite, foreignSite, turn }) => {
  const { url } = await foreignSite({ "/": BLANK });
  const networks = [await turn.connect(), await turn.connect()] as const;
  const a = await openSite({ url });
  const b = await openSite({ url });
  await connect(a.page, b.page, networks);
  for (const network of networks) network.set({ delayMs: 30 });
  const far = await roundTripMs(a.page);
  // A round trip over both relays takes four times the delay. It may take longer, but not less.
  expect(far).toBeGreaterThanOrEqual(115);
});

test("a page whose network is cut hears nothing more until it is restored", async ({ openSite, foreignSite, turn }) => {
  const { url } = await foreignSite({ "/": BLANK });
  const networks = [await turn.connect(), await turn.connect()] as const;
  const a = await openSite({ url });
  const b = await openSite({ url });
  await connect(a.page, b.page, networks);
  await roundTripMs(a.page);
  networks[1].cut();
  await a.page.evaluate(() => window.wire.channel?.send("into the void"));
  const state = () => a.page.evaluate(() => window.wire.connection.iceConnectionState);
  await expect.poll(state).toBe("disconnected");
  expect(await b.page.evaluate(() => window.wire.heard)).not.toContain("into the void");
  networks[1].restore();
  await expect.poll(() => a.page.evaluate(() => window.wire.heard)).toContain("re: into the void");
});

test("a frozen page is silent and continues where it stopped", async ({ openSite, foreignSite }) => {
  const { url } = await foreignSite({ "/": BLANK });
  const a = await openSite({ url });
  const b = await openSite({ url, ownProcess: true });
  await connect(a.page, b.page, undefined);
  await roundTripMs(a.page);
  const thaw = await b.freeze();
  await a.page.evaluate(() => window.wire.channel?.send("are you there"));
  const state = () => a.page.evaluate(() => window.wire.connection.iceConnectionState);
  await expect.poll(state).toBe("disconnected");
  thaw();
  await expect.poll(() => a.page.evaluate(() => window.wire.heard)).toContain("re: are you there");
});

for (const end of ["leave", "crash", "kill"] as const) {
  test(`a page can end by ${end}, and the others stay alive`, async ({ openSite, foreignSite }) => {
    const { url } = await foreignSite({ "/": BLANK });
    const a = await openSite({ url });
    const b = await openSite({ url, ownProcess: end === "kill" });
    await connect(a.page, b.page, undefined);
    await b.page.evaluate(() => addEventListener("pagehide", () => window.wire.channel?.send("goodbye")));
    await b[end]();
    const state = () => a.page.evaluate(() => window.wire.connection.connectionState);
    await expect.poll(state).not.toBe("connected");
    const heard = await a.page.evaluate(() => window.wire.heard);
    expect(heard.includes("goodbye")).toBe(end === "leave");
  });
}

test("the signaling server can be killed and restarted on its port", async ({ signaling }) => {
  const answer = () => fetch(`http://localhost:${signaling.port}/microgrid/`).then((response) => response.status);
  expect(await answer()).toBe(200);
  await signaling.kill();
  await expect(answer()).rejects.toThrow("fetch failed");
  await signaling.restart();
  expect(await answer()).toBe(200);
});

test("only pages that ask for WebGPU have an adapter", async ({ openSite, foreignSite }) => {
  // A name of the loopback, because WebGPU needs a secure context.
  const { url } = await foreignSite({ "/": BLANK });
  const adapter = async (webgpu: boolean) => {
    const { page } = await openSite({ url, webgpu });
    return page.evaluate(async () => (await navigator.gpu.requestAdapter())?.info.architecture);
  };
  expect(await adapter(false)).toBeUndefined();
  expect(await adapter(true)).toBe("swiftshader");
});

test("problems in pages and in their workers are noticed", async ({ openSite, foreignSite }) => {
  const { url } = await foreignSite({ "/": BLANK });
  const { page, problems } = await openSite({ url, name: "anna", expectProblems: ["told so"] });
  await page.evaluate(() => {
    console.error("told so");
    console.error("on the console");
    setTimeout(() => {
      throw new Error("thrown");
    });
    const source = URL.createObjectURL(new Blob(["console.error('from a worker')"]));
    new Worker(source);
  });
  await expect.poll(() => problems.unexpected().length).toBe(3);
  expect(problems.unexpected().join("\n")).toMatch(/anna: (.|\n)*thrown/);
  problems.expect("on the console", "thrown", "from a worker");
});
