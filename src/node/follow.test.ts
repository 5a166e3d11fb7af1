import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../core";
import { type NodeApi, VERBS } from "./api";
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

type Call = (...args: readonly unknown[]) => Promise<unknown>;

const call = (node: unknown, { capability, method }: { capability: string; method: string }): Call =>
  (node as Record<string, Record<string, Call>>)[capability]![method]!;

/** Arguments that each method accepts, where they are not texts. */
const options = { signal: new AbortController().signal };
const ACCEPTED: Readonly<Record<string, readonly unknown[]>> = {
  "models.load": ["m", {}, options],
  "embeddings.create": [{ embedding: { model: "m", inputs: ["a"] } }, options],
  "rooms.create": ["Kitchen table", {}],
  "rooms.preview": ["link", options],
  "room.leave": [true],
  "room.share": [false],
  "room.makeInvite": [{}],
  "room.remove": [["did"], []],
  "room.answerKnock": ["did", true],
  "room.amend": [{}],
  "pipelines.plan": ["m", {}, options],
  "pipelines.open": [{ model: "m", stages: [] }, options],
  "house.take": ["Ada", new Uint8Array(16)],
  "house.delegate": ["request", { label: "x", scopes: [], notAfter: new Date() }],
  "house.import": [{}],
  "settings.setPolicy": [{}],
  "settings.setNetwork": [{}],
};

const methods = Object.entries(VERBS).flatMap(([capability, each]) =>
  Object.entries(each).map(([method, { repeatable, takes }]) => {
    const name = `${capability}.${method}`;
    return { name, capability, method, repeatable, args: ACCEPTED[name] ?? takes.map(() => "text") };
  }),
);

describe("a node that is lost in the middle of a call", () => {
  it.each(methods.filter(({ repeatable }) => repeatable))("is followed by the next for $name", async (method) => {
    const { executed, node } = twoNodes();
    expect(await call(node, method)(...method.args)).toBe("done");
    expect(executed).toEqual(["first", "second"]);
  });

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

describe("a call with wrong arguments", () => {
  const WRONG = [undefined, null, 7, "text", true, [], {}, new Date(), () => undefined, Symbol("s")];

  it.each(methods)("is refused by $name before it is made, or ends with a MicrogridError", async (method) => {
    for (let index = 0; index < method.args.length; index++) {
      let refusals = 0;
      for (const wrong of WRONG) {
        const made = vi.fn(() => Promise.reject(new TypeError("Cannot read properties of undefined")));
        const methods = new Proxy({}, { get: () => made });
        const node = followNode(async () => ({ [method.capability]: methods }) as unknown as NodeApi);
        const error: unknown = await call(
          node,
          method,
        )(...method.args.map((arg, at) => (at === index ? wrong : arg))).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(MicrogridError);
        if (made.mock.calls.length === 0) {
          expect(error).toMatchObject({ code: "bad-request" });
          refusals++;
        }
      }
      expect(refusals, `argument ${index}`).toBeGreaterThanOrEqual(WRONG.length - 4);
    }
  });

  it("names the field that is wrong", async () => {
    const node = followNode(async () => ({}) as NodeApi);
    await expect(node.room.makeInvite({ uses: "3" } as never)).rejects.toMatchObject({
      code: "bad-request",
      message: 'room.makeInvite: “uses” has to be a number, but is "3".',
    });
  });
});

describe("a call that its caller aborts", () => {
  it("rejects with the reason itself", async () => {
    const reason = new Error("changed my mind");
    const stop = new AbortController();
    const load = (): Promise<never> => {
      stop.abort(reason);
      return Promise.reject(reason);
    };
    const node = followNode(async () => ({ models: { load } }) as unknown as NodeApi);
    await expect(node.models.load("m", {}, { signal: stop.signal })).rejects.toBe(reason);
  });
});
