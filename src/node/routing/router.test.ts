/** The router chooses the earliest finish within the policy. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Estimate, GenerationRequest, ModelOffer, Provider, ResumePoint } from "../../inference";
import { OFFER, toyRequest } from "../../inference/testing/toy-provider";
import type { Policy } from "../types";
import { ANY_MODEL } from "./nobody";
import { choose } from "./router";

const SPEED: Policy = { privacy: "room", prefer: "speed" };

interface Facts extends Partial<Estimate> {
  readonly kind?: Provider["kind"];
  readonly offer?: Partial<ModelOffer>;
}

function provider(id: string, facts: Facts = {}): Provider {
  const { kind = "peer", offer, ...estimate } = facts;
  const privacy = kind === "local" ? "device" : "room";
  return {
    id,
    kind,
    name: id,
    models: () => [{ ...OFFER, ...offer }],
    estimate: () => ({ firstTokenMs: 100, msPerToken: 10, price: 0, privacy, ...estimate }),
    generate: () => {
      throw new Error("not asked in these tests");
    },
  };
}

const chosen = (providers: Provider[], policy: Policy = SPEED, request: GenerationRequest = toyRequest(100)) =>
  choose(request, providers, { policy, random: () => 0 }).candidate.provider.id;

describe("choosing", () => {
  it("prefers the earliest finish: a fast decoder beats a quick start for a long answer, not for a short one", () => {
    const quick = provider("quick", { firstTokenMs: 10, msPerToken: 50 });
    const fast = provider("fast", { firstTokenMs: 1000, msPerToken: 5 });
    expect(chosen([quick, fast], SPEED, toyRequest(200))).toBe("fast");
    expect(chosen([quick, fast], SPEED, toyRequest(5))).toBe("quick");
  });

  it("respects the privacy setting, and says so", () => {
    const slow = provider("here", { kind: "local", msPerToken: 1000 });
    const fast = provider("there", { msPerToken: 1 });
    expect(chosen([slow, fast])).toBe("there");
    const strict: Policy = { privacy: "device", prefer: "speed" };
    const choice = choose(toyRequest(100), [slow, fast], { policy: strict });
    expect(choice.candidate.provider.id).toBe("here");
    expect(choice.why.join(" ")).toMatch(/“there” was left out: your privacy setting/);
    expect(() => choose(toyRequest(100), [fast], { policy: strict })).toThrow(
      /privacy setting keeps prompts within this device/,
    );
  });

  it("prefers this device for privacy, whatever it costs", () => {
    const policy: Policy = { privacy: "anywhere", prefer: "privacy" };
    expect(
      chosen([provider("there", { msPerToken: 1 }), provider("here", { kind: "local", msPerToken: 1000 })], policy),
    ).toBe("here");
  });

  it("breaks ties among peers at random, and prefers this device in a tie", () => {
    const peers = ["a", "b", "c", "d"].map((id, i) => provider(id, { firstTokenMs: 100 + i }));
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const { id } = choose(toyRequest(100), peers, { policy: SPEED }).candidate.provider;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
    expect(chosen([...peers, provider("here", { kind: "local", firstTokenMs: 120 })])).toBe("here");
  });

  it("never chooses a finish that is clearly later than another's", () => {
    const facts = fc.record({
      firstTokenMs: fc.integer({ min: 0, max: 20_000 }),
      msPerToken: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(facts, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (all, dice) => {
          const providers = all.map((fact, i) => provider(String(i), fact));
          const { candidate } = choose(toyRequest(100), providers, { policy: SPEED, random: () => dice });
          const best = Math.min(...all.map(({ firstTokenMs, msPerToken }) => firstTokenMs + 100 * msPerToken));
          expect(candidate.finishMs).toBeLessThanOrEqual(Math.max(best * 1.1, best + 50));
        },
      ),
    );
  });

  it("accepts any model if the request does, and explains that no provider has a requested model", () => {
    const peer = provider("a", { offer: { model: "exotic" } });
    expect(choose(toyRequest(10, ANY_MODEL), [peer], { policy: SPEED }).candidate.offer.model).toBe("exotic");
    expect(() => choose(toyRequest(10, "toy"), [peer], { policy: SPEED })).toThrow(
      "The model “toy” is not ready here. Nobody in the room offers it. Load it here, or try again later.",
    );
    expect(() => choose(toyRequest(10, "toy"), [], { policy: SPEED })).toThrow(/No other device is connected/);
  });

  it("says that the model is ready where the request may not be answered", () => {
    const here = provider("here", { kind: "local" });
    expect(() => choose(toyRequest(10), [here], { policy: SPEED, only: "room" })).toThrow(
      /“toy” is ready, but not where this request may be answered/,
    );
  });

  it("continues on the same package and engine if possible, and says so if not", () => {
    const resume: ResumePoint = { ...OFFER, ids: [1], idsInText: 1, text: "a" };
    const request = { ...toyRequest(100), resume };
    const same = provider("same", { msPerToken: 1000 });
    const other = provider("other", { msPerToken: 1, offer: { backend: "webgpu" } });
    expect(choose(request, [same, other], { policy: SPEED }).candidate).toMatchObject({
      exact: true,
      provider: { id: "same" },
    });
    expect(choose(request, [other], { policy: SPEED }).candidate.exact).toBe(false);
  });

  it("puts a provider last if it makes absurd claims about itself", () => {
    const odd = provider("odd", { firstTokenMs: NaN });
    expect(chosen([odd, provider("sane", { firstTokenMs: 60_000 })])).toBe("sane");
    expect(chosen([odd])).toBe("odd");
  });
});
