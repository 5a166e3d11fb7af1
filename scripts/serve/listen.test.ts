import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { CommandError } from "../run/message.mjs";
import { listen } from "./listen.mjs";
import { startSignaling } from "./signaling.mjs";

const here = { host: "localhost", variable: "PORT" };

describe("listening", () => {
  it("says in one line which port is in use and how to choose another", async () => {
    const first = await listen(createServer(), { ...here, port: 0 });
    const second = listen(createServer(), { ...here, port: first.port });
    await expect(second).rejects.toThrow(CommandError);
    await expect(second).rejects.toThrow(new RegExp(`^Port ${first.port} is already in use.*PORT=\\d+ npm start$`));
    await first.close();
  });

  it("says the same about the port of signaling, and names its own variable", async () => {
    const first = await listen(createServer(), { ...here, port: 0 });
    const signaling = startSignaling({ host: "localhost", port: first.port });
    await expect(signaling).rejects.toThrow(/SIGNAL_PORT=\d+ npm start$/);
    await first.close();
  });

  it("frees the port when closed, also while a client is connected", async () => {
    const server = createServer((_, response) => response.write("and so on"));
    const first = await listen(server, { ...here, port: 0 });
    const streaming = await fetch(`http://127.0.0.1:${first.port}/`);
    const broken = expect(streaming.text()).rejects.toThrow();
    await first.close();
    await broken;
    const again = await listen(createServer(), { ...here, port: first.port });
    await again.close();
  });

  it("names an address that is not this machine's", async () => {
    // 192.0.2.0/24 is reserved for documentation.
    const elsewhere = listen(createServer(), { host: "192.0.2.77", port: 0, variable: "PORT" });
    await expect(elsewhere).rejects.toThrow("192.0.2.77 is not an address of this machine");
  });
});

describe("signaling", () => {
  it("answers at its path and does not list its clients", async () => {
    const signaling = await startSignaling({ host: "localhost", port: 0 });
    const base = `http://127.0.0.1:${signaling.port}/microgrid/`;
    expect((await fetch(base)).status).toBe(200);
    expect((await fetch(`${base}peerjs/peers`)).status).toBe(401);
    await signaling.close();
  });
});
