/** Measurements of a provider count for more than its claims, and fade with time. */
import { describe, expect, it } from "vitest";
import type { Estimate, Provider } from "../../inference";
import { OFFER, toyRequest } from "../../inference/testing/toy-provider";
import { Experience } from "./experience";
import { Pace } from "./pace";
import { choose } from "./router";

/** A clock that tests turn. */
function clock() {
  const state = { ms: 1_000 };
  return { now: () => state.ms, turn: (ms: number) => (state.ms += ms) };
}

const LIE: Estimate = { firstTokenMs: 1, msPerToken: 1e-6, price: 0, privacy: "room" };

function peer(id: string, estimate: Partial<Estimate> = {}, kind: Provider["kind"] = "peer"): Provider {
  return {
    id,
    kind,
    name: id,
    models: () => [OFFER],
    estimate: () => ({ firstTokenMs: 100, msPerToken: 10, price: 0, privacy: "room", ...estimate }),
    generate: () => {
      throw new Error("not asked in these tests");
    },
  };
}

/** The pace of a provider that began after `firstMs` and then took `msPerToken` for each of 20 tokens. */
function paceOf(firstMs: number, msPerToken: number): Pace {
  const { now, turn } = clock();
  const pace = new Pace(now);
  for (let i = 0; i < 20; i++) {
    pace.wait();
    turn(i === 0 ? firstMs : msPerToken);
    pace.came(1);
  }
  return pace;
}

const chosen = (providers: readonly Provider[], experience: Experience) =>
  choose(toyRequest(100), providers, { policy: { privacy: "room", prefer: "speed" }, experience, random: () => 0 });
const idOf = (providers: readonly Provider[], experience: Experience) =>
  chosen(providers, experience).candidate.provider.id;

describe("experience", () => {
  const liar = peer("liar", LIE);
  const honest = peer("honest");

  it("trusts a claim until there is a measurement, and then the measurement", () => {
    const experience = new Experience();
    expect(idOf([liar, honest], experience)).toBe("liar");
    experience.measured(liar, "toy", LIE, paceOf(2_000, 50));
    const { candidate, why } = chosen([liar, honest], experience);
    expect(candidate.provider.id).toBe("honest");
    expect(why.join(" ")).toMatch(/“liar” would take about 6\.\d s/);
    // An even bolder claim does not help.
    const bolder = peer("liar", { ...LIE, msPerToken: 1e-12, firstTokenMs: 0 });
    expect(idOf([bolder, honest], experience)).toBe("honest");
    // A measurement applies to one model of one provider only.
    expect(experience.correct(liar, "other", LIE)).toEqual(LIE);
    expect(experience.correct(honest, "toy", LIE)).toEqual(LIE);
  });

  it("uses the best of the last answers, since other work only slows a provider down", () => {
    const experience = new Experience();
    const rate = (): number => experience.correct(honest, "toy", LIE).msPerToken;
    for (const ms of [10, 40, 40]) experience.measured(honest, "toy", LIE, paceOf(1, ms));
    expect(rate()).toBeLessThan(11);
    experience.measured(honest, "toy", LIE, paceOf(1, 40));
    expect(rate()).toBeGreaterThan(35);
  });

  it("avoids a provider that failed, twice as long each time, unless there is no other", () => {
    const { now, turn } = clock();
    const experience = new Experience(now);
    const pauses = [5_000, 10_000, 20_000].map((pause) => {
      experience.failed(liar);
      expect(idOf([liar], experience)).toBe("liar");
      expect(chosen([liar, honest], experience).why.join(" ")).toMatch(/“liar” was left out: it failed a moment ago/);
      turn(pause - 1);
      expect(idOf([liar, honest], experience)).toBe("honest");
      turn(1);
      return idOf([liar, honest], experience);
    });
    expect(pauses).toEqual(["liar", "liar", "liar"]);
    experience.succeeded(liar);
    experience.failed(liar);
    turn(5_000);
    expect(experience.avoids(liar)).toBe(false);
  });

  it("never avoids a provider for longer than five minutes", () => {
    const { now, turn } = clock();
    const experience = new Experience(now);
    for (let i = 0; i < 2_000; i++) experience.failed(liar);
    turn(5 * 60_000);
    expect(experience.avoids(liar)).toBe(false);
  });

  it("prefers a steady provider to one that could continue exactly", () => {
    const experience = new Experience();
    experience.failed(liar);
    const other: Provider = { ...honest, models: () => [{ ...OFFER, backend: "webgpu" }] };
    const resume = { ...OFFER, ids: [1], idsInText: 1, text: "a" };
    const { candidate } = choose({ ...toyRequest(100), resume }, [liar, other], {
      policy: { privacy: "room", prefer: "speed" },
      experience,
    });
    expect(candidate.provider.id).toBe("honest");
  });

  it("ignores this device, which measures itself", () => {
    const experience = new Experience();
    const here = peer("local", {}, "local");
    experience.failed(here);
    experience.measured(here, "toy", LIE, paceOf(1, 1_000));
    expect(experience.avoids(here)).toBe(false);
    expect(experience.correct(here, "toy", LIE)).toEqual(LIE);
  });

  it("forgets old measurements, and the providers that were unseen for longest if there are too many", () => {
    const { now, turn } = clock();
    const experience = new Experience(now);
    experience.measured(liar, "toy", LIE, paceOf(1, 1_000));
    turn(10 * 60_000);
    expect(experience.correct(liar, "toy", LIE)).toEqual(LIE);
    experience.failed(liar);
    for (let i = 0; i < 500; i++) experience.failed(peer(`invented ${i}`));
    expect(experience.avoids(liar)).toBe(false);
    expect(experience.avoids(peer("invented 499"))).toBe(true);
  });
});

describe("pace", () => {
  it("counts the time spent waiting for the provider, and not the reader's own time", () => {
    const { now, turn } = clock();
    const pace = new Pace(now);
    for (let i = 0; i < 10; i++) {
      pace.wait();
      turn(10);
      pace.came(1);
      turn(1_000);
    }
    expect(pace.waitedMs).toBe(100);
    expect(pace.firstTokenMs).toBe(10);
    expect(pace.msPerToken).toBe(9);
    expect(pace.remainingMs(10)).toBe(90);
  });

  it("reports no rate after a few tokens, unless they took long", () => {
    const { now, turn } = clock();
    const pace = new Pace(now);
    pace.wait();
    turn(10);
    pace.came(1);
    expect(pace.msPerToken).toBeUndefined();
    pace.wait();
    turn(4_000);
    expect(pace.msPerToken).toBe(4_000);
  });

  it("expects a provider that has not begun to take as long again", () => {
    const { now, turn } = clock();
    const pace = new Pace(now);
    pace.wait();
    turn(7_000);
    pace.came(0);
    expect(pace.remainingMs(1)).toBe(7_000);
    expect(pace.msPerToken).toBeUndefined();
  });
});
