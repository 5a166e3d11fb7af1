/** Measures one shape: Microgrid and transformers.js on the same files, after a check that the GPU computes as the CPU does. */
import type { Browser } from "@playwright/test";
import { ChatTokenizer } from "../../src/inference/tokenizer";
import type { Line } from "../line";
import { hasTransformers } from "../transformers";
import type { Budget } from "./budget";
import { greedyDifference } from "./check";
import { linesOf } from "./lines";
import { type Extent, measure, type Plan, type Samples } from "./measure";
import { type Prompt, promptOf } from "./prompts";
import { type RandomModel, randomModel } from "./random-model";
import { microgrid, type Runtime, transformers } from "./runtime";
import { bytesPerToken, scaledDown, type Shape } from "./shapes";
import type { GpuSite } from "./site";

/** The extent of the measurements of a shape. */
export interface ShapeExtent extends Extent {
  /** Lengths of prompts, in tokens. */
  readonly prompts: readonly number[];
}

/** The means that all shapes of a run share. */
export interface Run {
  readonly site: GpuSite;
  readonly browser: Browser;
  readonly extent: ShapeExtent;
  /** Whether the adapter computes in half precision. */
  readonly half: boolean;
  /** Whether shapes are scaled down. */
  readonly scaled: boolean;
  readonly bytesPerSecond: number;
  /** Reports the progress. */
  say(text: string): void;
}

/** The result of a shape. */
interface ShapeResult {
  readonly lines: readonly Line[];
  /** True if the GPU's greedy answers were those of the CPU. */
  readonly same: boolean;
  readonly failures: readonly string[];
}

/** Tokens of the prompts that are answered at once, and compared. */
const SHORT_TOKENS = 32;
/** Several answers are long enough to share runs, though each begins when the one before it has been read. */
const CHECK_TOKENS = { alone: 3, together: 10 };
const CHECK_PROMPTS = 3;
/** Share of a shape's time for comparing a model that is not measured. */
const COMPARING_SHARE = 0.3;
/** Share of a shape's time for Microgrid, which has more lines than transformers.js. */
const OURS_SHARE = 0.8;

/** Measures a shape in the time that `budget` has. Failures of parts are in the result. */
export async function measureShape(run: Run, shape: Shape, budget: Budget): Promise<ShapeResult> {
  const small = randomModel(scaledDown(shape), false);
  const model = run.scaled ? small : randomModel(shape, run.half);
  const name = `${model.shape.name} ${model.dtype}`;
  const measuring = new Measuring(run, model, name);
  const plan = await planOf(model, run.extent);
  const forOurs = budget.share(OURS_SHARE);
  // Where shapes are scaled down, the model that is measured is the one that is compared.
  const forComparing = forOurs.share(COMPARING_SHARE);
  if (!run.scaled) await measuring.attempt("the comparison", () => measuring.compareAlone(small, forComparing));
  const ours = await measuring.attempt("Microgrid", () => measuring.microgrid(plan, forOurs));
  const theirs = await measuring.attempt("transformers.js", () => measuring.transformers(plan, budget));
  const facts = { weightBytes: bytesPerToken(model.shape, model.half), bytesPerSecond: run.bytesPerSecond };
  const lines = ours ? linesOf({ name, ours, theirs, ...facts }) : [];
  return { lines, same: measuring.same, failures: measuring.failures };
}

/** The steps of a shape; each opens a page of its own. */
class Measuring {
  readonly failures: string[] = [];
  /** True if the GPU's answers were compared with the CPU's, and were the same. */
  same = false;
  readonly #run: Run;
  readonly #model: RandomModel;
  readonly #name: string;

  constructor(run: Run, model: RandomModel, name: string) {
    this.#run = run;
    this.#model = model;
    this.#name = name;
  }

  /** The result of a step; undefined if it fails. Nothing is left of it in the browser. */
  async attempt<T>(step: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#run.say(`${this.#name}: ${step} is over`);
      return result;
    } catch (error) {
      this.failures.push(`${this.#name}, ${step}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      // A step that was not done in time goes on in its page.
      await Promise.allSettled(this.#run.browser.contexts().map((context) => context.close()));
    }
  }

  /** Compares a model that is not measured. */
  async compareAlone(model: RandomModel, budget: Budget): Promise<void> {
    const load = (): Promise<Runtime> => microgrid(this.#place(model), "webgpu");
    const gpu = await budget.run(`${this.#name}: loading for the comparison with the CPU`, 0, load);
    if (gpu) await this.#compare(gpu, model, budget);
  }

  async microgrid(plan: Plan, budget: Budget): Promise<Samples | undefined> {
    const load = (): Promise<Runtime> => microgrid(this.#place(), "webgpu");
    const runtime = await budget.run(`${this.#name}: all of Microgrid`, 0, load);
    if (!runtime) return undefined;
    if (this.#run.scaled) await this.#compare(runtime, this.#model, budget);
    return measure(this.#name, runtime, plan, budget);
  }

  async transformers(plan: Plan, budget: Budget): Promise<Samples | undefined> {
    if (!hasTransformers(this.#run.site.files)) return undefined;
    const runtime = await budget.run(`${this.#name}: all of transformers.js`, 0, () => transformers(this.#place()));
    return runtime && measure(`${this.#name}, transformers.js`, runtime, { ...plan, together: [] }, budget);
  }

  async #compare(gpu: Runtime, model: RandomModel, budget: Budget): Promise<void> {
    const difference = await budget.run(`${this.#name}: comparing with the CPU`, 0, async () => {
      const cpu = await microgrid(this.#place(model), "wasm");
      const found = await greedyDifference(gpu, cpu, await shortPrompts(model, CHECK_PROMPTS), CHECK_TOKENS);
      await cpu.close();
      return found ?? "";
    });
    if (difference === "") this.same = true;
    else if (difference !== undefined) this.failures.push(`${model.shape.name}: ${difference}.`);
  }

  #place(model = this.#model) {
    return { site: this.#run.site, browser: this.#run.browser, model };
  }
}

async function planOf(model: RandomModel, extent: ShapeExtent): Promise<Plan> {
  const tokenizer = await tokenizerOf(model);
  return {
    ...extent,
    prompts: extent.prompts.map((tokens) => promptOf(tokenizer, tokens)),
    shortPrompts: await shortPrompts(model, Math.max(...extent.together)),
  };
}

async function shortPrompts(model: RandomModel, count: number): Promise<Prompt[]> {
  const tokenizer = await tokenizerOf(model);
  return Array.from({ length: count }, (_, variety) => promptOf(tokenizer, SHORT_TOKENS, variety));
}

function tokenizerOf({ texts }: RandomModel): Promise<ChatTokenizer> {
  return ChatTokenizer.parse({ ...texts, template: undefined });
}
