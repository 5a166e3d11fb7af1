/** Offers that members bring are answered a few at a time: those that one branch has made up give way to others. */
import { expect, it } from "vitest";
import type { Did } from "../../core";
import type { HandAnswer } from "../../wire";
import { MAX_DIALS } from "../constants";
import { fakeLink } from "../testing/fake-link";
import { Relay } from "./relay";

const SELF = "did:key:self" as Did;

it("an offer that another branch brings is answered, however many one branch has brought", async () => {
  const answered: string[] = [];
  const cancelled: string[] = [];
  const relay = new Relay({
    self: SELF,
    hand: {
      offer: () => Promise.reject(new Error("nothing is offered here")),
      answer: (text) => {
        answered.push(text);
        let cancel = (): void => undefined;
        const link = new Promise<never>((_, reject) => {
          cancel = () => {
            cancelled.push(text);
            reject(new Error("cancelled"));
          };
        });
        return Promise.resolve<HandAnswer>({ text: "answer", link, cancel });
      },
    },
    linkTo: () => undefined,
    introduce: () => undefined,
  });
  const bring = async (branch: string, text: string): Promise<void> => {
    const { link } = fakeLink(branch);
    const offer = { to: SELF, from: "did:key:somebody", id: "0".repeat(32), kind: "offer", text } as const;
    relay.receive(link, branch as Did, offer);
    await new Promise((resolve) => setTimeout(resolve));
  };
  for (let i = 0; i <= MAX_DIALS; i++) await bring("hostile", `made up ${i}`);
  expect(answered).toHaveLength(MAX_DIALS);
  await bring("honest", "real");
  expect(answered.at(-1)).toBe("real");
  expect(cancelled).toEqual([`made up ${MAX_DIALS - 1}`]);
  await bring("hostile", "more");
  expect(answered.at(-1)).toBe("real");
});
