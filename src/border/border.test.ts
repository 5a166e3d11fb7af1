import { afterEach, describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../core";
import { connect, serve } from "./calls";
import { TabBorder } from "./tabs";
import { FakeLocks } from "./testing/locks";
import { FarSide } from "./testing/service";
import { type Opened, SCENARIOS } from "./testing/suite";
import { FakeWorker } from "./testing/worker";
import { WorkerConnection } from "./worker";

const dead = new MicrogridError("worker-crashed", "The other side is gone.");

/** Two ends of a message port; the caller is told of the death, as a life lock would. */
async function overPort(): Promise<Opened> {
  const { port1, port2 } = new MessageChannel();
  serve(new FarSide(), port2);
  const gone = new AbortController();
  return {
    far: connect<FarSide>(port1, { gone: gone.signal }),
    kill: async () => {
      port2.close();
      gone.abort(dead);
    },
    close: () => port1.close(),
  };
}

/** Two tabs on one BroadcastChannel. */
async function overTabs(): Promise<Opened> {
  const leader = new TabBorder({ build: "1" });
  leader.accept((_, endpoint) => serve(new FarSide(), endpoint));
  const tab = new TabBorder({ build: "1" });
  const gone = new AbortController();
  const endpoint = await tab.reach(leader.id, { signal: new AbortController().signal });
  return {
    far: connect<FarSide>(endpoint, { gone: gone.signal }),
    kill: async () => {
      leader.close();
      gone.abort(dead);
    },
    close: () => {
      tab.close();
      leader.close();
    },
  };
}

/** A worker that dies without an event; only its life lock tells. */
async function overWorker(): Promise<Opened> {
  const locks = new FakeLocks();
  vi.stubGlobal("navigator", { locks });
  const create = (): Worker => new FakeWorker(new FarSide()).asWorker;
  const connection = new WorkerConnection<FarSide>({ create, crashed: () => dead });
  const far = connection.service;
  return {
    far,
    // A worker that has answered holds its lock.
    kill: async () => locks.kill(),
    close: () => connection.end(dead),
  };
}

afterEach(() => void vi.unstubAllGlobals());

for (const [name, open] of Object.entries({ port: overPort, tab: overTabs, worker: overWorker })) {
  describe(`the border over a ${name}`, () => {
    for (const [title, scenario] of Object.entries(SCENARIOS)) {
      it(title, async () => {
        const opened = await open();
        try {
          await scenario(opened);
        } finally {
          opened.close();
        }
      });
    }
  });
}

describe("tabs", () => {
  it("of different builds refuse each other", async () => {
    const refused = vi.fn();
    const old = new TabBorder({ build: "1", onOtherBuild: refused });
    const visited = vi.fn();
    old.accept(visited);
    const tab = new TabBorder({ build: "2" });
    const reached = tab.reach(old.id, { signal: new AbortController().signal });
    await expect(reached).rejects.toMatchObject({ code: "build-differs" });
    expect(visited).not.toHaveBeenCalled();
    expect(refused).toHaveBeenCalledOnce();
    tab.close();
    old.close();
  });

  it("that do not answer are waited for until the signal aborts", async () => {
    const tab = new TabBorder({ build: "1" });
    const reason = new MicrogridError("leader-lost", "It is frozen.");
    await expect(tab.reach("nobody", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const reached = tab.reach("nobody", { signal: stop.signal });
    stop.abort(reason);
    await expect(reached).rejects.toBe(reason);
    tab.close();
  });

  it("abort the calls of a tab when that tab is lost", async () => {
    const leader = new TabBorder({ build: "1" });
    const served = new FarSide();
    leader.accept((_, endpoint) => serve(served, endpoint));
    const tab = new TabBorder({ build: "1" });
    const far = connect<FarSide>(await tab.reach(leader.id, { signal: new AbortController().signal }));
    void far.wait({ signal: new AbortController().signal });
    await vi.waitUntil(async () => (await served.seen()).calls.length === 1);
    leader.forget(tab.id);
    await vi.waitUntil(async () => (await served.seen()).aborted.length === 1);
    tab.close();
    leader.close();
  });

  it("receive only messages that are addressed to them", async () => {
    const first = new TabBorder({ build: "1" });
    const second = new TabBorder({ build: "1" });
    const visited = vi.fn();
    second.accept(visited);
    first.accept((_, endpoint) => serve(new FarSide(), endpoint));
    const tab = new TabBorder({ build: "1" });
    const endpoint = await tab.reach(first.id, { signal: new AbortController().signal });
    expect(await connect<FarSide>(endpoint).group.echo(1)).toBe(1);
    expect(visited).not.toHaveBeenCalled();
    for (const border of [tab, first, second]) border.close();
  });
});

describe("a worker that was lost", () => {
  it("is replaced at the next call", async () => {
    let started = 0;
    const lost = vi.fn();
    const connection = new WorkerConnection<FarSide>({
      create() {
        started++;
        return new FakeWorker(new FarSide()).asWorker;
      },
      crashed: () => dead,
      onDeath: lost,
    });
    const first = connection.service;
    const hanging = first.hang();
    connection.lose(first, dead);
    await expect(hanging).rejects.toBe(dead);
    expect(lost).toHaveBeenCalledWith(dead);
    expect(await connection.service.group.echo(2)).toBe(2);
    expect(started).toBe(2);
    connection.end(dead);
  });

  it("is noticed by its port if it dies before it holds its lock", async () => {
    vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => undefined) } });
    const worker = new FakeWorker(new FarSide());
    const connection = new WorkerConnection<FarSide>({ create: () => worker.asWorker, crashed: () => dead });
    const hanging = connection.service.group.echo(1);
    worker.terminate();
    await expect(hanging).rejects.toBe(dead);
    expect(connection.running).toBeUndefined();
  });
});
