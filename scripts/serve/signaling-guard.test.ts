/** The signaling server against pages and programs that want to fill it. */
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { mayUse } from "./signaling-guard.mjs";
import { startSignaling } from "./signaling.mjs";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<Parameters<typeof startSignaling>[0]> = {}) {
  const signaling = await startSignaling({ host: "localhost", port: 0, ...options });
  cleanups.push(() => signaling.close());
  return (id: string, origin?: string): WebSocket => {
    const url = `ws://127.0.0.1:${signaling.port}/microgrid/peerjs?key=peerjs&id=${id}&token=${id}`;
    const socket = new WebSocket(url, origin === undefined ? {} : { origin });
    cleanups.push(() => socket.terminate());
    socket.on("error", () => undefined);
    return socket;
  };
}

interface Message {
  readonly type: string;
  readonly src?: string;
}

async function next(socket: WebSocket): Promise<Message> {
  const [data] = (await once(socket, "message")) as [Buffer];
  return JSON.parse(data.toString()) as Message;
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  expect((await next(socket)).type).toBe("OPEN");
  return socket;
}

const offer = (dst: string, payload = "") => JSON.stringify({ type: "OFFER", dst, payload });
const closeCode = async (socket: WebSocket) => ((await once(socket, "close")) as [number])[0];
const refusal = async (socket: WebSocket) => {
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  return response.statusCode;
};

describe("the signaling server", () => {
  it("passes messages on, and keeps none for an id that nobody holds", async () => {
    const connect = await start();
    const [ada, ben] = [await opened(connect("ada")), await opened(connect("ben"))];
    ada.send(offer("ben"));
    expect(await next(ben)).toMatchObject({ type: "OFFER", src: "ada" });
    ada.send(offer("nobody"));
    expect(await next(ada)).toEqual({ type: "EXPIRE", src: "nobody", dst: "ada" });
    const late = await opened(connect("nobody"));
    ben.send(offer("nobody"));
    expect(await next(late)).toMatchObject({ type: "OFFER", src: "ben" });
  });

  it("ends a client whose message is too long", async () => {
    const ada = await opened((await start())("ada"));
    ada.send(offer("nobody", "x".repeat(65_536)));
    expect(await closeCode(ada)).toBe(1009);
  });

  it("ends a client that sends more than its address may, and lets others go on", async () => {
    const connect = await start({ messages: { burst: 10, perSecond: 0 } });
    const ada = await opened(connect("ada"));
    for (let i = 0; i < 11; i++) ada.send(offer("nobody"));
    expect(await closeCode(ada)).toBe(1008);
  });

  it("gives one address a limited number of ids, and takes them back", async () => {
    const connect = await start({ idsPerAddress: 2 });
    const [ada] = [await opened(connect("ada")), await opened(connect("ben"))];
    expect(await refusal(connect("eve"))).toBe(429);
    ada.close();
    await once(ada, "close");
    await opened(connect("eve"));
  });

  it("does not let messages pile up for a client that does not read", async () => {
    const connect = await start();
    const [ada, ben] = [await opened(connect("ada")), await opened(connect("ben"))];
    ben.pause();
    const answer = next(ada);
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) ada.send(offer("ben", "x".repeat(60_000)));
    });
    // The socket's buffers take some; then ben is gone, and ada hears of that.
    expect(["LEAVE", "EXPIRE"]).toContain((await answer).type);
    clearInterval(flood);
  });

  it("serves pages of its own host and those that it was told of, and programs", async () => {
    const connect = await start({ origins: "https://chat.example" });
    await opened(connect("a", "http://127.0.0.1:5180"));
    await opened(connect("b", "https://chat.example"));
    await opened(connect("c"));
    expect(await refusal(connect("d", "https://evil.example"))).toBe(403);
  });
});

it("a name leads to this machine only if it is its own", () => {
  expect(mayUse("http://192.168.0.7:5180", "192.168.0.7:5181", "")).toBe(true);
  expect(mayUse("http://[::1]:5180", "[::1]:5181", "")).toBe(true);
  expect(mayUse("http://localhost:5180", "localhost:5181", "")).toBe(true);
  // The owner of a name can let it lead anywhere, here too.
  expect(mayUse("http://evil.example:5181", "evil.example:5181", "")).toBe(false);
  expect(mayUse("http://evil.example", "localhost:5181", "")).toBe(false);
  expect(mayUse("null", "localhost:5181", "")).toBe(false);
  expect(mayUse("http://evil.example", "localhost:5181", "*")).toBe(true);
});
