/** A worker that reads what others wrote: one thing at a time, and none for longer than it may take. */
import { MicrogridError } from "../core";
import type { Service } from "./calls";
import { WorkerConnection } from "./worker";

/** Time is counted in beats, since a device that slept has missed them. */
const BEAT_MS = 500;
/** Workers that could not be started before the page does without. */
const MAX_FAILED_STARTS = 3;

/** A service that says when its worker runs. */
interface WatchedService extends Service {
  /** Resolves when the worker runs: the time that it needs to start is not the time of its first task. */
  ready(): Promise<void>;
}

/** A task was not done: it took too long or ended its worker, or no worker can be started on this page. */
export class NotRead extends Error {
  /** False where no worker can be started. */
  readonly tooMuch: boolean;

  constructor(tooMuch: boolean, cause: unknown) {
    super(tooMuch ? "It takes too much work to read." : "Its reader cannot be started here.", { cause });
    this.name = "NotRead";
    this.tooMuch = tooMuch;
  }
}

/** Gives tasks to a worker, one after the other. The worker is ended and replaced if one takes too long. */
export class WatchedWorker<T extends WatchedService> {
  readonly #worker: WorkerConnection<T>;
  readonly #seconds: number;
  #turn: Promise<unknown> = Promise.resolve();
  #failedStarts = 0;

  /** `title` names the worker in errors, as in “The reader of graphs”. A task may take `seconds`. */
  constructor({ create, title, seconds }: { create(): Worker; readonly title: string; readonly seconds: number }) {
    this.#seconds = seconds;
    this.#worker = new WorkerConnection({
      create,
      crashed: (detail) => new MicrogridError("worker-crashed", `${title} ended unexpectedly: ${detail}.`),
    });
  }

  /** The service of the worker that runs, for calls that need no watch. */
  get running(): T | undefined {
    return this.#worker.running;
  }

  /** Runs one task after those that wait already. Rejects with `NotRead`, or with the error that the service threw. */
  run<R>(task: (service: T) => Promise<R>): Promise<R> {
    const turn = this.#turn.then(() => this.#run(task));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #run<R>(task: (service: T) => Promise<R>): Promise<R> {
    const service = await this.#ready();
    let beats = 0;
    const timer = setInterval(() => {
      const tooSlow = new MicrogridError("worker-crashed", `A task took longer than ${this.#seconds} s.`);
      if (++beats * BEAT_MS > this.#seconds * 1000) this.#worker.lose(service, tooSlow);
    }, BEAT_MS);
    try {
      return await task(service);
    } catch (error) {
      throw this.#worker.running === service ? error : new NotRead(true, error);
    } finally {
      clearInterval(timer);
    }
  }

  async #ready(): Promise<T> {
    if (this.#failedStarts >= MAX_FAILED_STARTS) throw new NotRead(false, undefined);
    const { service } = this.#worker;
    try {
      await service.ready();
    } catch (error) {
      this.#failedStarts++;
      throw new NotRead(false, error);
    }
    return service;
  }
}
