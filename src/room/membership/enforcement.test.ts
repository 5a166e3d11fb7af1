/** The charter's rules for requests: each refuses by its name, and only what it forbids. */
import { describe, expect, it } from "vitest";
import type { Did } from "../../core";
import { toyRequest } from "../../inference/testing/toy-provider";
import { OPEN_TERMS } from "../testing/founding";
import type { SignedTerms } from "./charter";
import { CharterGuard } from "./enforcement";

const HOUR_MS = 3_600_000;
const member = { did: "did:key:a" as Did, running: 0, shares: true };
const guard = (terms: Partial<SignedTerms>) => new CharterGuard(() => ({ ...OPEN_TERMS, ...terms }));

describe("the rule", () => {
  it("models refuses all others", () => {
    expect(guard({ models: ["other"] }).check(toyRequest(5), member)).toBe("models");
    expect(guard({ models: ["toy"] }).check(toyRequest(5), member)).toBeUndefined();
    expect(guard({ models: [] }).check(toyRequest(5), member)).toBe("models");
  });

  it("tokensPerAnswer refuses longer answers", () => {
    const limited = guard({ limits: { tokensPerAnswer: 5 } });
    expect(limited.check(toyRequest(5), member)).toBeUndefined();
    expect(limited.check(toyRequest(6), member)).toBe("tokensPerAnswer");
  });

  it("jobsAtOnce refuses one more", () => {
    const limited = guard({ limits: { jobsAtOnce: 2 } });
    expect(limited.check(toyRequest(5), { ...member, running: 1 })).toBeUndefined();
    expect(limited.check(toyRequest(5), { ...member, running: 2 })).toBe("jobsAtOnce");
  });

  it("answersPerHour counts each member by itself, for an hour, without refused answers", () => {
    const limited = guard({ limits: { answersPerHour: 2, tokensPerAnswer: 5 } });
    const other = { ...member, did: "did:key:b" as Did };
    expect(limited.check(toyRequest(6), member, 0)).toBe("tokensPerAnswer");
    expect(limited.check(toyRequest(5), member, 0)).toBeUndefined();
    expect(limited.check(toyRequest(5), member, 1)).toBeUndefined();
    expect(limited.check(toyRequest(5), member, 2)).toBe("answersPerHour");
    expect(limited.check(toyRequest(5), other, 2)).toBeUndefined();
    expect(limited.check(toyRequest(5), member, HOUR_MS)).toBeUndefined();
    expect(limited.check(toyRequest(5), member, HOUR_MS)).toBe("answersPerHour");
  });

  it("contribution refuses members that share nothing", () => {
    const expecting = guard({ contribution: "expected" });
    expect(expecting.check(toyRequest(5), { ...member, shares: false })).toBe("contribution");
    expect(expecting.check(toyRequest(5), member)).toBeUndefined();
  });

  it("is enforced in its new form after an amendment", () => {
    let terms = OPEN_TERMS;
    const changing = new CharterGuard(() => terms);
    expect(changing.check(toyRequest(5), member)).toBeUndefined();
    terms = { ...terms, models: [] };
    expect(changing.check(toyRequest(5), member)).toBe("models");
  });
});
