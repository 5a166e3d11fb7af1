/** Texts become vectors on all devices that can do it, and a lost device costs none of them. */
import { describe, expect, it } from "vitest";
import { MicrogridError } from "../../core";
import type { EmbeddingRequest, Provider } from "../../inference";
import { OFFER, ToyProvider, VECTOR_OFFER, toyRequest, toyVector } from "../../inference/testing/toy-provider";
import { JobLostError } from "../../room";
import type { EmbedRequest } from "../types";
import { embed } from "./embed";
import { Experience } from "./experience";
import { choose } from "./router";

const signal = new AbortController().signal;

/** A peer with the toy's vectors. */
function peer(id: string, offer = VECTOR_OFFER): ToyProvider {
  const toy = new ToyProvider(id);
  Object.assign(toy, { kind: "peer", name: id });
  toy.offers = [offer];
  const backlog = { now: 0 };
  const compute = toy.embed.bind(toy);
  toy.embed = async (...args) => {
    backlog.now++;
    return compute(...args).finally(() => backlog.now--);
  };
  toy.estimate = () => ({ firstTokenMs: 100 * (backlog.now + 1), msPerToken: 0, price: 0, privacy: "room" });
  return toy;
}

function run(
  providers: readonly Provider[],
  inputs: EmbeddingRequest["inputs"],
  { model = "vectors", stop = signal, ...more }: Partial<EmbedRequest> & { model?: string; stop?: AbortSignal } = {},
) {
  const embedder = {
    providers: () => providers,
    policy: () => ({ privacy: "room", prefer: "speed" }) as const,
    experience: new Experience(),
    mayRecover: () => false,
    onPiece: () => () => undefined,
  };
  return embed({ embedding: { model, inputs }, ...more }, embedder, stop);
}

/** Texts of many lengths, in no order. */
const texts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(1 + ((index * 37) % 500)));
const vectorsOf = (inputs: readonly string[]): Float32Array => Float32Array.from(inputs.flatMap(toyVector));

describe("embeddings", () => {
  it("come in the order of the inputs, from all devices that can make them", async () => {
    const inputs = texts(1000);
    const devices = [peer("a"), peer("b")];
    const { vectors, dimensions, promptTokens, model, providers } = await run(devices, inputs);
    expect(vectors).toEqual(vectorsOf(inputs));
    expect({ dimensions, promptTokens, model }).toEqual({ dimensions: 2, promptTokens: 1000, model: "vectors" });
    expect(providers.map(({ provider: { id } }) => id).sort()).toEqual(["a", "b"]);
    expect(providers.reduce((sum, { inputs: count }) => sum + count, 0)).toBe(1000);
  });

  it("are asked for again elsewhere if a device is lost in the middle", async () => {
    const [lost, left] = [peer("lost"), peer("left")];
    let pieces = 0;
    lost.beforeToken = async () => {
      if (++pieces > 2) throw new JobLostError("disconnected", "It is gone.");
    };
    const inputs = texts(1000);
    const { vectors, providers } = await run([lost, left], inputs);
    expect(vectors).toEqual(vectorsOf(inputs));
    expect(providers.find(({ provider }) => provider.id === "lost")?.inputs).toBeLessThanOrEqual(128);
    expect(providers.find(({ provider }) => provider.id === "left")?.inputs).toBeGreaterThanOrEqual(872);
  });

  it("stay with the package that made the first, as long as somebody has it", async () => {
    const [first, other, same] = [peer("a"), peer("b", { ...VECTOR_OFFER, packageHash: "other" }), peer("c")];
    other.estimate = () => ({ firstTokenMs: 500, msPerToken: 0, price: 0, privacy: "room" });
    await run([first, other, same], texts(1000));
    expect(other.started).toBe(0);
    expect(same.started).toBeGreaterThan(0);
  });

  it("with “auto” all come from one model", async () => {
    const another = peer("b", { ...VECTOR_OFFER, model: "another", packageHash: "other" });
    const { model, providers } = await run([peer("a"), another], texts(300), { model: "auto" });
    expect(providers).toHaveLength(1);
    expect(model).toBe(providers[0]!.provider.id === "a" ? "vectors" : "another");
  });

  it("stay on this device if the policy says so", async () => {
    const local = new ToyProvider();
    local.offers = [VECTOR_OFFER];
    const there = peer("there");
    local.estimate = () => ({ firstTokenMs: 9e9, msPerToken: 0, price: 0, privacy: "device" });
    await run([there, local], texts(100), { policy: { privacy: "device" } });
    expect(there.started).toBe(0);
    await expect(run([there], ["a"], { policy: { privacy: "device" } })).rejects.toThrow(
      /keeps prompts within this device/,
    );
    await expect(run([there], ["a"], { provider: "local" })).rejects.toMatchObject({ code: "no-provider" });
  });

  it("are not computed by a model that chats, nor chats answered by one that makes embeddings", async () => {
    const chat = new ToyProvider();
    await expect(run([chat], ["a"], { model: "toy" })).rejects.toMatchObject({
      ...{ code: "unsupported-model", message: expect.stringContaining("“Toy” answers chats") as string },
    });
    await expect(run([chat], ["a"], { model: "auto" })).rejects.toThrow(/A model for embeddings is not ready here/);
    const policy = { privacy: "room", prefer: "speed" } as const;
    expect(() => choose(toyRequest(5, "vectors"), [peer("a")], { policy })).toThrow(/“Vectors” makes embeddings/);
    const both = new ToyProvider();
    both.offers = [VECTOR_OFFER, OFFER];
    expect(choose(toyRequest(5, "auto"), [both], { policy }).candidate.offer.model).toBe("toy");
  });

  it("end with the error of an input, and with an abort", async () => {
    const local = new ToyProvider();
    local.offers = [VECTOR_OFFER];
    local.embed = () => Promise.reject(new MicrogridError("context-exceeded", "Too long."));
    await expect(run([local], texts(200))).rejects.toThrow("Too long.");
    const abort = new AbortController();
    const slow = peer("slow");
    slow.beforeToken = async () => abort.abort(new Error("enough"));
    await expect(run([slow], texts(200), { stop: abort.signal })).rejects.toThrow("enough");
  });

  it("of another size than the first are refused, as if the device were lost", async () => {
    const [honest, liar] = [peer("honest"), peer("liar")];
    liar.embed = ({ inputs }) => {
      liar.started++;
      return Promise.resolve({ dimensions: 3, vectors: new Float32Array(3 * inputs.length), promptTokens: 1 });
    };
    const inputs = texts(1000);
    honest.estimate = () => ({ firstTokenMs: liar.started > 0 ? 1 : 0, msPerToken: 0, price: 0, privacy: "room" });
    liar.estimate = () => ({ firstTokenMs: honest.started > 0 ? 0 : 9e9, msPerToken: 0, price: 0, privacy: "room" });
    expect((await run([honest, liar], inputs)).vectors).toEqual(vectorsOf(inputs));
    expect(liar.started).toBeGreaterThan(0);
  });
});
