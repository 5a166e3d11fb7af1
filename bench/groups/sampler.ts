/** Measures the choice of a token from a large vocabulary, in Node, against a list and a sort of the whole vocabulary. */
import { sampleToken, tokenLogprob, uniformAt } from "../../src/inference/sampling";
import { plainLogprobs, samplePlainly } from "../../src/inference/sampling/testing/plain-sampler";
import type { Sampling } from "../../src/inference/types";
import type { Group } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const VOCABULARY = 262_144;
const ROUNDS = 7;
/** Choices in a row, whose mean is a sample. */
const CHOICES = 5;
/** Choices that are not measured: they compile the code. */
const WARM_UP = 60;

const OPEN: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const PAGE: Sampling = { ...OPEN, temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 };

const SETTINGS: readonly (readonly [name: string, sampling: Sampling, changed?: boolean])[] = [
  ["greedy", { ...OPEN, temperature: 0 }],
  ["the page's filters", PAGE],
  ["Qwen3's filters", { ...OPEN, temperature: 0.6, topK: 20, topP: 0.95 }],
  ["no filter", OPEN],
  ["top-p 0.95 alone", { ...OPEN, topP: 0.95 }],
  ["min-p 0.05 alone", { ...OPEN, minP: 0.05 }],
  ["penalties, bias, mask", { ...PAGE, repetitionPenalty: 1.1, presencePenalty: 0.5 }, true],
];

const NOTE =
  `One token of ${VOCABULARY.toLocaleString("en")}, in Node. The other side makes a list of the vocabulary and sorts it; it ` +
  "chooses the same tokens, and the run ends if it does not.";
const SHAPES =
  "Uneven: as from a model, 3,000 tokens stand out from a wide bell curve, and top-p leaves a few hundred. Even: all tokens are nearly " +
  "equally likely, which is the hardest case, since top-p leaves most of the vocabulary.";

export const sampler: Group = async ({ times, say }) => {
  const lines: Line[] = [];
  for (const [shape, logits] of [
    ["uneven", uneven()],
    ["even", normal(0.1)],
  ] as const) {
    let drawn = 0;
    for (const [name, sampling, changed] of SETTINGS) {
      const circumstances = { seen: new Set<number>(), ...(changed && changes()) };
      const choose = (by: typeof sampleToken, at: number): number =>
        by(logits, sampling, { ...circumstances, uniform: uniformAt(1, at) });
      for (let at = 0; at < WARM_UP; at++) choose(sampleToken, drawn + at);
      for (let at = 0; at < CHOICES; at++) {
        const [id, plain] = [choose(sampleToken, at), choose(samplePlainly, at)];
        if (id !== plain) throw new Error(`${name}, ${shape}: chose ${id} instead of ${plain}`);
      }
      const { a, b } = await inTurns(
        times(ROUNDS),
        () => microseconds(() => choose(sampleToken, drawn++)),
        () => microseconds(() => choose(samplePlainly, drawn++)),
      );
      lines.push(line(`${name}, ${shape}`, a, b));
    }
    const written = (): { text: string; bytes: Uint8Array<ArrayBuffer> } => ({ text: "", bytes: new Uint8Array() });
    for (let at = 0; at < WARM_UP; at++) tokenLogprob(logits, at, 20, written);
    const { a, b } = await inTurns(
      times(ROUNDS),
      () => microseconds(() => tokenLogprob(logits, drawn++, 20, written)),
      () => microseconds(() => plainLogprobs(logits, drawn++, 20)),
    );
    lines.push(line(`20 log probabilities, ${shape}`, a, b));
    say(`the ${shape} vocabulary is measured`);
  }
  return lines;
};

function line(name: string, quick: readonly number[], plain: readonly number[]): Line {
  return {
    name: `choosing a token: ${name}`,
    unit: "µs",
    measured: spread(quick),
    other: { name: "plain", unit: "µs", value: spread(plain) },
    ratio: pairedRatio(quick, plain),
    target: { of: "median", at: "most", value: 1000 },
    notes: [NOTE, SHAPES],
  };
}

/** The mean time of some choices, by the processor's clock: on a busy machine, a thread waits for longer than it chooses. */
function microseconds(choose: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  for (let at = 0; at < CHOICES; at++) choose();
  const { user, system } = process.cpuUsage(start);
  return Promise.resolve((user + system) / CHOICES);
}

function normal(spreadOf: number): Float32Array {
  return Float32Array.from({ length: VOCABULARY }, (_, id) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(2, id)));
    return spreadOf * radius * Math.cos(2 * Math.PI * uniformAt(3, id));
  });
}

/** As from a model: some tokens stand out, and the lower ids of a vocabulary are the likelier ones. */
function uneven(): Float32Array {
  const logits = normal(2.5);
  for (let rank = 0; rank < 3000; rank++) {
    logits[Math.floor(uniformAt(4, rank) ** 2 * VOCABULARY)] = 20 - 4 * Math.log(rank + 1) ** 0.7 + uniformAt(5, rank);
  }
  return logits;
}

/** A long text, and a mask that allows three quarters of the vocabulary, as inside of a string. */
function changes(): Omit<Parameters<typeof sampleToken>[2], "uniform"> {
  const seen = new Set(Array.from({ length: 4000 }, (_, at) => Math.floor(uniformAt(6, at) * VOCABULARY)));
  return {
    seen,
    counts: new Map([...seen].slice(0, 500).map((id) => [id, 2])),
    bias: [[17, -100]],
    mask: Int32Array.from({ length: VOCABULARY / 32 }, (_, at) => (2 ** 32 * uniformAt(7, at)) | (at % 2 ? -1 : 0)),
  };
}
