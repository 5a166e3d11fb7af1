/** Drives the grid of a page through its public API, as a program would. */
import { expect } from "@playwright/test";
import type {
  AnswerEvent,
  ChatMessage,
  GridState,
  LoadOptions,
  Loss,
  RoomState,
  Route,
  ShareOptions,
} from "../../src/grid";
import type { AnswerFormat } from "../../src/inference";
import type { OpenOptions, OpenSite } from "./fixtures";
import type { SitePage } from "./site-page";

/** An answer as the page received it. */
export interface Received {
  readonly text: string;
  readonly ids: readonly number[];
  readonly events: readonly AnswerEvent[];
  /** The error of the stream, if it failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Milliseconds from the request at which each token event came. */
  readonly times: readonly number[];
}

export interface Question {
  readonly text: string;
  readonly model?: string;
  readonly maxTokens?: number;
  readonly provider?: string;
  readonly format?: AnswerFormat;
  /** The conversation so far. */
  readonly before?: readonly ChatMessage[];
}

declare global {
  interface Window {
    /** Answers that a test has started, by name. */
    answers?: Record<
      string,
      Promise<Received> & { soFar: { text: string; tokens: number; losses: Loss[] }; stop(): void }
    >;
  }
}

/** Waits until the page's grid is up. */
export async function gridReady({ page }: SitePage): Promise<void> {
  await page.waitForFunction(() => window.microgrid !== undefined);
}

export async function stateOf({ page }: SitePage): Promise<GridState> {
  return page.evaluate(() => window.microgrid!.state);
}

/** The state of the room; fails if the page is in no room. */
export async function roomOf(site: SitePage): Promise<RoomState> {
  const { room } = await stateOf(site);
  if (!room) throw new Error(`${site.name} is in no room`);
  return room;
}

export async function loadModel(
  { page }: SitePage,
  id = "guide",
  options: Pick<LoadOptions, "backend"> = {},
): Promise<void> {
  await page.evaluate(([model, choice]) => window.microgrid!.models.load(model, choice), [id, options] as const);
}

/** Makes sure that a page computes nothing itself. */
export async function withoutModel(site: SitePage): Promise<void> {
  await site.page.evaluate(async () => {
    await Promise.all(Object.keys(window.microgrid!.state.loads).map((id) => window.microgrid!.models.unload(id)));
  });
}

/** A visitor whose page computes nothing. */
export async function visitor(openSite: OpenSite, options: OpenOptions = {}): Promise<SitePage> {
  const site = await openSite(options);
  await gridReady(site);
  await withoutModel(site);
  return site;
}

/** A visitor whose page has the guide loaded. */
export async function visitorWithModel(openSite: OpenSite, options: OpenOptions = {}): Promise<SitePage> {
  const site = await openSite(options);
  await gridReady(site);
  await loadModel(site);
  return site;
}

/** Opens a room, shares the page's device in it, and returns the invite. */
export async function openRoom({ page }: SitePage, share: Partial<ShareOptions> | false = {}): Promise<string> {
  return page.evaluate(async (options) => {
    const room = await window.microgrid!.rooms.create({ name: "Attic" });
    if (options) await room.share(options);
    return room.invite;
  }, share);
}

export async function joinRoom(
  { page }: SitePage,
  invite: string,
  share: Partial<ShareOptions> | false = false,
): Promise<void> {
  await page.evaluate(
    async ([link, options]) => {
      const room = await window.microgrid!.rooms.join(link);
      if (options) await room.share(options);
    },
    [invite, share] as const,
  );
}

/** Two pages exchange two texts, as users would by hand. */
export async function introduceByHand(newcomer: SitePage, member: SitePage): Promise<void> {
  const offer = await newcomer.page.evaluateHandle(() => window.microgrid!.rooms.current!.offerByHand());
  const text = await offer.evaluate((made) => made.text);
  const answer = await member.page.evaluate((made) => window.microgrid!.rooms.current!.answerByHand(made), text);
  await offer.evaluate((made, back) => made.accept(back), answer);
}

/** Visitors of one room: the first wants to run a model, the others give memory for its layers. */
export async function layersRoom(
  openSite: OpenSite,
  helpers: number,
  prepare?: OpenOptions["prepare"],
): Promise<readonly [SitePage, ...SitePage[]]> {
  const consumer = await visitor(openSite, { name: "consumer", ...(prepare && { prepare }) });
  const invite = await openRoom(consumer, false);
  const others: SitePage[] = [];
  for (let index = 1; index <= helpers; index++) {
    const helper = await visitor(openSite, { name: `helper ${index}`, ownProcess: true });
    await joinRoom(helper, invite, { layers: true });
    others.push(helper);
  }
  await expect
    .poll(async () => (await roomOf(consumer)).peers.filter(({ layersBytes }) => layersBytes > 0).length)
    .toBe(helpers);
  return [consumer, ...others];
}

/** Waits until a page sees this many peers, and this many that offer a model. */
export async function expectPeers(site: SitePage, peers: number, offering = 0): Promise<void> {
  await expect
    .poll(
      async () => {
        const { room } = await stateOf(site);
        const all = room?.peers ?? [];
        return { peers: all.length, offering: all.filter(({ offers }) => offers.length > 0).length };
      },
      { message: `${site.name} should see ${peers} peers, ${offering} of them offering`, intervals: [50, 100, 200] },
    )
    .toEqual({ peers, offering });
}

/** Starts an answer under a name and returns at once. */
export async function startAnswer({ page }: SitePage, question: Question, name = "answer"): Promise<void> {
  await page.evaluate(
    ([{ text, model, maxTokens, provider, format, before = [] }, key]) => {
      const abort = new AbortController();
      const soFar = { text: "", tokens: 0, losses: [] as Loss[] };
      const read = async () => {
        const events: AnswerEvent[] = [];
        const times: number[] = [];
        const startedAt = performance.now();
        let error: { code: string; message: string } | undefined;
        const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
        const messages = [...before, { role: "user" as const, content: text }];
        const asked = { model: model ?? "guide", messages, sampling, maxTokens: maxTokens ?? 200 };
        const generation = { ...asked, ...(format && { format }) };
        try {
          const request = { generation, ...(provider !== undefined && { provider }) };
          for await (const event of window.microgrid!.answer(request, { signal: abort.signal })) {
            events.push(event);
            if (event.type === "lost") soFar.losses.push(event.loss);
            if (event.type !== "token") continue;
            times.push(performance.now() - startedAt);
            soFar.text += event.text;
            soFar.tokens += event.ids.length;
          }
        } catch (thrown) {
          const failure = thrown as { code?: string | number; name: string; message: string };
          // Aborts are DOM exceptions, whose codes are numbers.
          error = { code: typeof failure.code === "string" ? failure.code : failure.name, message: failure.message };
        }
        const ids = events.flatMap((event) => (event.type === "token" ? [...event.ids] : []));
        return { text: soFar.text, ids, events, error, times };
      };
      window.answers ??= {};
      window.answers[key] = Object.assign(read(), { soFar, stop: () => abort.abort() });
    },
    [question, name] as const,
  );
}

/** Waits until an answer has at least `count` tokens. */
export async function answerReaches({ page }: SitePage, tokens: number, name = "answer"): Promise<void> {
  await page.waitForFunction(
    ([count, key]) => (window.answers?.[key]?.soFar.tokens ?? 0) >= count,
    [tokens, name] as const,
    {
      polling: 5,
    },
  );
}

/** Waits until an answer was lost, and expects that reason for its first loss. */
export async function expectLoss({ page }: SitePage, loss: Loss, name = "answer"): Promise<void> {
  await expect
    .poll(() => page.evaluate((key) => window.answers?.[key]?.soFar.losses[0], name), { intervals: [50] })
    .toBe(loss);
}

export async function finishedAnswer({ page }: SitePage, name = "answer"): Promise<Received> {
  return page.evaluate((key) => window.answers![key]!, name);
}

/** Asks, and waits for the whole answer. */
export async function ask(site: SitePage, question: string | Question): Promise<Received> {
  await startAnswer(site, typeof question === "string" ? { text: question } : question);
  return finishedAnswer(site);
}

/** The routes that an answer took. */
export function routesOf({ events }: Received): Route[] {
  return events.flatMap((event) => (event.type === "route" ? [event.route] : []));
}

/** The reasons for which providers were lost, in order. */
export function lossesOf({ events }: Received): Loss[] {
  return events.flatMap((event) => (event.type === "lost" ? [event.loss] : []));
}
