/** Measures the death of a provider during an answer: how soon it is noticed, and how long the reader waits. */
import { gridReady, joinRoom, openRoom, withoutModel } from "../../e2e/harness/grid";
import type { SitePage } from "../../e2e/harness/site-page";
import { QUESTION, greedy, startTimed } from "../answers";
import { withGuide } from "../guide";
import type { Group, GroupContext } from "../group";
import type { Line } from "../line";
import { offering } from "../room";
import { spread } from "../statistics";

const ROUNDS = 5;
/** Tokens that the asker has when the provider dies: well inside the answer, with much of it left. */
const TOKENS_BEFORE = 25;

/** A way for a provider to die: the target for its detection, and the code that causes it. */
interface Death {
  readonly name: string;
  readonly detectionMs: number;
  die(victim: SitePage): Promise<void>;
  readonly notes?: readonly string[];
}

const DEATHS: readonly Death[] = [
  { name: "the page closes", detectionMs: 1_000, die: (victim) => victim.leave() },
  {
    name: "the page freezes (SIGSTOP)",
    detectionMs: 6_000,
    die: async (victim) => {
      await victim.freeze();
    },
  },
  {
    name: "the browser is killed (SIGKILL)",
    detectionMs: 6_000,
    die: (victim) => victim.kill(),
    notes: ["Not in the list of promises; a killed browser says no more than a frozen one, so it is held to the same."],
  },
];

/** Milliseconds of one loss. */
interface Survived {
  /** From the moment of death to the choice of the next provider. */
  readonly detectedMs: number;
  /** From there to the next token. */
  readonly gapMs: number;
  /** The pause that a reader sees: between the last token of the old provider and the first of the new one. */
  readonly silenceMs: number;
}

export const loss: Group = async (context) => {
  const { stage } = context;
  const host = await stage.visit({ name: "asker" });
  await gridReady(host);
  await withoutModel(host);
  const invite = await openRoom(host, false);
  const providers = new Map<string, SitePage>();
  const lines: Line[] = [];
  for (const death of DEATHS) {
    const losses: Survived[] = [];
    for (let round = 0; round < context.times(ROUNDS); round++) {
      while (providers.size < 2) await addProvider(context, invite, providers);
      losses.push(await lose(context, host, providers, death));
    }
    lines.push(...linesOf(death, losses));
  }
  for (const visitor of [host, ...providers.values()]) await stage.dismiss(visitor);
  return lines;
};

async function addProvider({ stage }: GroupContext, invite: string, to: Map<string, SitePage>): Promise<void> {
  const provider = await stage.visit({ name: `provider ${to.size}`, ownProcess: true });
  await withGuide(provider);
  await joinRoom(provider, invite, {});
  to.set(await provider.page.evaluate(() => window.microgrid!.identity.did), provider);
}

/** Makes the answering provider die in the middle of an answer, and times the events at the asker. */
async function lose(
  { stage, say }: GroupContext,
  asker: SitePage,
  providers: Map<string, SitePage>,
  death: Death,
): Promise<Survived> {
  const { page } = asker;
  await offering(asker, providers.size);
  const ahead = await clockAhead(asker);
  await startTimed(page, { generation: greedy(QUESTION), provider: "room" });
  await page.waitForFunction((count) => (window.timed?.tokens ?? 0) >= count, TOKENS_BEFORE, { polling: 5 });
  const id = await page.evaluate(() => window.timed!.provider);
  const victim = providers.get(id);
  if (!victim) throw new Error("Somebody answered who was not asked.");
  const diedAt = performance.timeOrigin + performance.now() + ahead;
  await death.die(victim);
  const { routes, tokens } = await page.evaluate(() => window.timed!.done);
  providers.delete(id);
  await stage.dismiss(victim);
  const second = routes.find(({ attempt }) => attempt === 2);
  const next = second && tokens.find(({ at }) => at >= second.at);
  const last = second && tokens.findLast(({ at }) => at < second.at);
  if (!second || !next || !last) throw new Error(`The answer was over before ${death.name} was noticed.`);
  const survived = { detectedMs: second.at - diedAt, gapMs: next.at - second.at, silenceMs: next.at - last.at };
  say(
    `${death.name}: known after ${survived.detectedMs.toFixed(0)} ms, next token ${survived.gapMs.toFixed(0)} ms later`,
  );
  return survived;
}

/** How many milliseconds the page's clock is ahead of this process's, from the quickest of several exchanges. */
async function clockAhead({ page }: SitePage): Promise<number> {
  let best = { trip: Infinity, ahead: 0 };
  for (let exchange = 0; exchange < 8; exchange++) {
    const sent = performance.timeOrigin + performance.now();
    const there = await page.evaluate(() => performance.timeOrigin + performance.now());
    const back = performance.timeOrigin + performance.now();
    if (back - sent < best.trip) best = { trip: back - sent, ahead: there - (sent + back) / 2 };
  }
  return best.ahead;
}

function linesOf({ name, detectionMs, notes = [] }: Death, losses: readonly Survived[]): Line[] {
  const silence = spread(losses.map(({ silenceMs }) => silenceMs));
  return [
    {
      name: `${name}: known after`,
      unit: "ms",
      measured: spread(losses.map((each) => each.detectedMs)),
      target: { of: "max", at: "most", value: detectionMs },
      notes,
    },
    {
      name: `${name}: from then to the next token`,
      unit: "ms",
      measured: spread(losses.map(({ gapMs }) => gapMs)),
      other: { name: "silence that the reader sees", unit: "ms", value: silence },
      target: { of: "max", at: "most", value: 1_500 },
      notes,
    },
  ];
}
