/** A ring whose model is arithmetic: every number that a stage gives depends on all tokens before it. Never bundled. */
import { vi } from "vitest";
import { type Did, MicrogridError, deferred } from "../../core";
import type { HiddenState, StageForward, StageService } from "../../inference";
import type { OpenStage, StageRequest } from "../run/hosted-stage";
import { Ring, type RingState } from "../run/ring";
import type { RingStage } from "../run/ring-member";
import { StageServer } from "../run/stage-server";
import { Bus } from "./bus";

export const SELF = "did:key:self" as Did;
export const did = (name: string): Did => `did:key:${name}` as Did;
export const SEQUENCE = "00".repeat(8);
const LAYERS_OF_STAGE = 2;

/** Numbers on their way, one for each token. */
export const hiddenOf = (values: readonly number[]): HiddenState => [
  { name: "x", type: "float32", bytes: new Uint8Array(Float32Array.from(values).buffer) },
];
const valuesOf = ([tensor]: HiddenState): number[] => [...new Float32Array(tensor!.bytes.slice().buffer)];

/** A layer adds up all that it has read of a sequence. */
class ToyStage implements StageService {
  readonly #layers: number;
  readonly #read = new Map<string, number[][]>();

  constructor(layers: number) {
    this.#layers = layers;
  }

  /** Sequences that it knows. */
  get sequences(): readonly string[] {
    return [...this.#read.keys()];
  }

  forward({ sequence, keep, hidden }: StageForward): Promise<HiddenState> {
    const read = this.#read.get(sequence) ?? Array.from({ length: this.#layers }, () => []);
    if (read[0]!.length < keep) return Promise.reject(new MicrogridError("stage-lost", "It knows too little."));
    this.#read.set(sequence, read);
    for (const tokens of read) tokens.length = keep;
    const out = valuesOf(hidden).map((value) => {
      for (const tokens of read) {
        tokens.push(value);
        value = tokens.reduce((sum, token) => sum + token, 0) % 1_009;
      }
      return value;
    });
    return Promise.resolve(hiddenOf(out));
  }

  end(sequence: string): void {
    this.#read.delete(sequence);
  }
}

/** A node whose behaviour a test can change. */
interface ToyNode {
  readonly host: StageServer;
  /** Called before each step, which waits for the returned promise. */
  beforeStep: (step: StageForward) => Promise<void> | undefined;
  /** Called before the node has its layers. */
  beforeOpen: (request: StageRequest, options: Parameters<OpenOf>[1]) => Promise<void> | undefined;
  readonly stages: ToyStage[];
}
type OpenOf = ConstructorParameters<typeof StageServer>[0]["open"];

/** Rings that are not closed yet. */
const opened = new Set<ToyRing>();

/** Ends all rings of a test, and `fakeTime`. Pass it to `afterEach`. */
export function closeRings(): void {
  for (const one of opened) one.close();
  opened.clear();
  vi.useRealTimers();
}

/** A consumer, nodes, and a ring of some of them. */
export class ToyRing {
  readonly bus = new Bus();
  readonly nodes = new Map<string, ToyNode>();
  /** The states that the ring has reported. */
  readonly told: { readonly status: RingState["status"]; readonly stages: readonly string[] }[] = [];
  /** The same model in one piece, for comparison. */
  #whole = new ToyStage(0);
  #ring: Ring | undefined;

  /** Each letter is a node. */
  constructor(names: string) {
    opened.add(this);
    for (const name of names) this.nodes.set(name, this.#node(name));
  }

  get ring(): Ring {
    if (!this.#ring) throw new Error("The ring is not formed.");
    return this.#ring;
  }

  /** Names of the nodes that hold stages, in order. */
  get holders(): string {
    return this.ring.stages.map((stage) => nameOf(stage.did)).join("");
  }

  node(name: string): ToyNode {
    return this.nodes.get(name)!;
  }

  /** Forms a ring of nodes; all others are spare. */
  async form(names: string, signal = new AbortController().signal): Promise<Ring> {
    const stages = names.split("").map((name, index) => {
      const from = index * LAYERS_OF_STAGE;
      return { did: did(name), from, to: from + LAYERS_OF_STAGE };
    });
    this.#whole = new ToyStage(names.length * LAYERS_OF_STAGE);
    const traffic = this.bus.join(SELF);
    const source = { model: "toy", graph: "toy", graphBytes: 1, weightsHash: "toy" };
    const returns = [{ name: "x", type: "float32", width: 1 }] as const;
    const limits = { context: 1_024, sequences: 8, stepTokens: 16 };
    const replace = (range: Pick<RingStage, "from" | "to">, not: ReadonlySet<Did>): RingStage[] => {
      const name = [...this.nodes.keys()].find((each) => !not.has(did(each)));
      if (name === undefined) throw new Error("nobody is left");
      return [{ did: did(name), ...range }];
    };
    const onChange = ({ status, stages: seats }: RingState): void => {
      const shown = seats.map((seat) => `${nameOf(seat.did)} ${seat.ready ? "ready" : seat.loadedBytes}`);
      this.told.push({ status, stages: shown });
    };
    this.#ring = await Ring.form({ traffic, self: SELF, source, ...limits, returns, replace, onChange }, stages, {
      signal,
    });
    return this.#ring;
  }

  /** Sends tokens around the ring; says whether they came back as they should. */
  async step(keep: number, values: readonly number[], sequence = SEQUENCE): Promise<boolean> {
    const step = { sequence, keep, count: values.length, hidden: hiddenOf(values) };
    const expected = valuesOf(await this.#whole.forward(step));
    const got = valuesOf(await this.ring.forward(step, { signal: new AbortController().signal }));
    return got.length === expected.length && got.every((value, index) => value === expected[index]);
  }

  /** Closes the ring, where there is one. */
  close(): void {
    this.#ring?.close();
  }

  /** Tells whom a frame was sent to, in order. */
  sent(kind: string): string {
    return this.bus.log.flatMap(({ to, frame }) => (frame.kind === kind ? [nameOf(to)] : [])).join("");
  }

  #node(name: string): ToyNode {
    const node: ToyNode = {
      beforeStep: () => undefined,
      beforeOpen: () => undefined,
      stages: [],
      host: new StageServer({
        traffic: this.bus.join(did(name)),
        open: async (request, options): Promise<OpenStage> => {
          await node.beforeOpen(request, options);
          const stage = new ToyStage(request.to - request.from);
          node.stages.push(stage);
          let last: Promise<unknown> = Promise.resolve();
          const service: StageService = {
            // One after the other, as an engine does.
            forward: (step) => {
              const turn = last.then(() => node.beforeStep(step)).then(() => stage.forward(step));
              last = turn.catch(() => undefined);
              return turn;
            },
            end: (sequence) => {
              last = last.then(() => stage.end(sequence));
            },
          };
          const info = { id: name, backend: "wasm", kvBytesPerToken: 1, decodeMs: 1, prefillMs: 1 } as const;
          return { info, service, close: () => node.stages.splice(node.stages.indexOf(stage), 1) };
        },
        onChange: () => undefined,
      }),
    };
    return node;
  }
}

const nameOf = (one: Did): string => one.slice("did:key:".length);

/** Gives a test control over the clock and timeouts. Other tasks run as usual. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
}

/** Waits until the condition holds; throws if it still does not after `tasks` tasks. */
export async function until(condition: () => boolean, tasks = 500): Promise<void> {
  for (let task = 0; task < tasks; task++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`It never was so: ${condition.toString()}`);
}

/** Lets all frames under way arrive, and the frames that they cause. */
export async function settle(): Promise<void> {
  for (let task = 0; task < 60; task++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, and everything happen that it causes: no frame takes longer than a second. */
export async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    await settle();
  }
}

/** A promise that never settles: something hangs. */
export const never = (): Promise<void> => new Promise(() => undefined);

/** The progress of a node that loads a stage, as a test reports it. */
interface Loading {
  tell(loaded: number, total?: number): void;
  done(): void;
}

/** Lets a test say what a node has loaded, and when it is done. */
export function loading(one: ToyRing, name: string): Loading {
  const done = deferred<undefined>();
  let tell: (loaded: number, total: number) => void = () => undefined;
  one.node(name).beforeOpen = async (_request, { onProgress }) => {
    tell = onProgress;
    await done.promise;
  };
  return { tell: (loaded, total = 1_000) => tell(loaded, total), done: () => done.resolve(undefined) };
}
