/** How long a consumer waits for a provider that was given a job. */
import { FIRST_TOKEN_MS, JOB_SILENCE_MS } from "../constants";
import { JobLostError } from "./lost";

/** Gives a job up when nothing is heard of it, when its first token does not come, or when it takes too long. */
export class JobTimeouts {
  readonly #giveUp: (error: JobLostError) => void;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #firstToken: ReturnType<typeof setTimeout> | undefined;
  #writing = false;

  constructor(deadlineMs: number, giveUp: (error: JobLostError) => void) {
    this.#giveUp = giveUp;
    this.#deadline = setTimeout(
      () => giveUp(new JobLostError("slow", "The device that answered took too long.")),
      deadlineMs,
    );
    this.#expectSign();
  }

  heard(sign: "waiting" | "running" | "writing"): void {
    this.#expectSign();
    if (sign === "writing") {
      this.#writing = true;
      clearTimeout(this.#firstToken);
    } else if (sign === "running" && !this.#writing) {
      // A provider whose engine hangs can still say that it is alive.
      this.#firstToken ??= setTimeout(
        () => this.#giveUp(new JobLostError("silent", "The device that should answer does not get to its first word.")),
        FIRST_TOKEN_MS,
      );
    }
  }

  stop(): void {
    for (const timer of [this.#deadline, this.#silence, this.#firstToken]) clearTimeout(timer);
  }

  #expectSign(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.#giveUp(new JobLostError("silent", "The device that answered has fallen silent.")),
      JOB_SILENCE_MS,
    );
  }
}
