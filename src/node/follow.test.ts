import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../core";
import { type NodeApi, REPEATABLE } from "./api";
import { followNode } from "./follow";

const lost = new MicrogridError("leader-lost", "The tab is gone.");

/** Nodes that follow one another: the first one is lost in the middle of each call. */
function twoNodes() {
  const executed: string[] = [];
  const node = (name: string, work: () => Promise<unknown>): NodeApi => {
    const method = vi.fn(async () => {
      executed.push(name);
      return work();
    });
    const methods = new Proxy({}, { get: () => method });
    return new Proxy({}, { get: (_, key) => (key === "then" ? undefined : methods) }) as unknown as NodeApi;
  };
  const first = node("first", () => Promise.reject(lost));
  const second = node("second", () => Promise.resolve("done"));
  let asked = 0;
  return { executed, node: followNode(async () => (asked++ === 0 ? first : second)) };
}

const methods = Object.entries(REPEATABLE).flatMap(([capability, each]) =>
  Object.entries(each as Record<string, boolean>).map(([method, repeatable]) => ({ capability, method, repeatable })),
);

describe("a node that is lost in the middle of a call", () => {
  it.each(methods.filter(({ repeatable }) => repeatable))(
    "is followed by the next for $capability.$method",
    async ({ capability, method }) => {
      const { executed, node } = twoNodes();
      const call = (node as unknown as Record<string, Record<string, () => Promise<unknown>>>)[capability]![method]!;
      expect(await call()).toBe("done");
      expect(executed).toEqual(["first", "second"]);
    },
  );

  it("does not create a room twice, and says so", async () => {
    const { executed, node } = twoNodes();
    await expect(node.rooms.create("Kitchen table", {})).rejects.toMatchObject({
      code: "leader-lost",
      message: expect.stringContaining("Check whether it was done") as string,
    });
    expect(executed).toEqual(["first"]);
  });

  it("does not make a counted invite twice", async () => {
    const { executed, node } = twoNodes();
    await expect(node.room.makeInvite({ uses: 1 })).rejects.toMatchObject({ code: "leader-lost" });
    expect(executed).toEqual(["first"]);
  });

  it("passes every other error on", async () => {
    const refused = new MicrogridError("bad-request", "A name needs at least one character.");
    const settings = { rename: () => Promise.reject(refused) };
    const node = followNode(async () => ({ settings }) as unknown as NodeApi);
    await expect(node.settings.rename("")).rejects.toBe(refused);
  });
});
