/** Asks members what they could do for a model, and collects measurements of the links between all of them. */
import { type Did, MicrogridError, deferred, onAbort, randomId } from "../../core";
import type { StageFrame, StageLanes, UnableReason } from "../../room";
import type { PlanLink } from "../plan";
import type { StageSource } from "../run";
import type { Ability } from "./answers";
import type { LinkSurvey } from "./links";

/** Time that a member has to measure itself, in ms. It may have to download the model's graph first. */
const ANSWER_TIMEOUT_MS = 60_000;

/** The result of a survey. */
export interface Survey {
  readonly able: ReadonlyMap<Did, Ability>;
  readonly unable: ReadonlyMap<Did, { readonly why: UnableReason | "silent"; readonly text: string }>;
  /** Undefined if there is no link, or it was not measured. */
  link(from: Did, to: Did): PlanLink | undefined;
}

type Answer = Extract<StageFrame, { kind: "stage.able" | "stage.unable" }>;

/** Asks all of `members` at once. It only rejects if the signal aborts; members that do not answer are `silent`. */
export async function survey(
  {
    traffic,
    links,
    self,
    source,
  }: {
    readonly traffic: StageLanes;
    readonly links: LinkSurvey;
    readonly self: Did;
    readonly source: StageSource;
  },
  members: readonly Did[],
  { signal }: { signal: AbortSignal },
): Promise<Survey> {
  const asked = await Promise.all(
    members.map(async (did) => {
      const others = members.filter((other) => other !== did);
      const answer = await ask(traffic, did, { ...source, among: others }, signal).catch(noAnswer);
      const link = answer.kind === "stage.able" ? await links.measure(did).catch(() => undefined) : undefined;
      return { did, answer, link };
    }),
  );
  signal.throwIfAborted();
  const able = new Map<Did, Ability>();
  const unable = new Map<Did, { why: UnableReason | "silent"; text: string }>();
  const measured = new Map<string, PlanLink>();
  for (const { did, answer, link } of asked) {
    if (answer.kind === "stage.able") {
      able.set(did, answer.body);
      for (const each of answer.body.links) measured.set(`${did} ${each.did}`, each);
      if (link) measured.set(`${self} ${did}`, link);
    } else {
      unable.set(did, answer.body);
    }
  }
  // If only one end has measured a link, its figures are used for both directions.
  return { able, unable, link: (from, to) => measured.get(`${from} ${to}`) ?? measured.get(`${to} ${from}`) };
}

/** Why a member gave no answer: it is gone or slow, unless the question itself could not be sent. */
function noAnswer(error: unknown): {
  readonly kind: "none";
  readonly body: { readonly why: "failed" | "silent"; readonly text: string };
} {
  if (error instanceof MicrogridError && error.code !== "peer-lost") {
    return { kind: "none", body: { why: "failed", text: error.message } };
  }
  return { kind: "none", body: { why: "silent", text: "It did not answer in time." } };
}

/** Asks one member. Rejects if it does not answer in time. */
async function ask(
  traffic: StageLanes,
  did: Did,
  question: StageSource & { readonly among: readonly Did[] },
  signal: AbortSignal,
): Promise<Answer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const id = randomId(8);
  const { promise, resolve, reject } = deferred<Answer>();
  const stop = [
    traffic.handle({
      "stage.able": (body, from) => {
        if (from === did && body.ask === id) resolve({ kind: "stage.able", body });
      },
      "stage.unable": (body, from) => {
        if (from === did && body.ask === id) resolve({ kind: "stage.unable", body });
      },
    }),
    traffic.on("gone", (gone) => gone.did === did && reject(new Error(gone.reason))),
  ];
  using _ = onAbort(limit, reject);
  let release: () => void = () => undefined;
  try {
    release = await traffic.hold(did, { signal: limit });
    await traffic.send(did, "stage.ask", { ask: id, ...question, among: [...question.among] });
    return await promise;
  } finally {
    release();
    for (const each of stop) each();
  }
}
