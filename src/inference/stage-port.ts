/** The two ends of a `MessagePort` over which stages are asked: from the page to a worker, or the other way. */
import { type ErrorData, type MicrogridError, errorFromData, errorToData } from "../core";
import type { HiddenState, StageForward, StageService } from "./stages";

/** Messages to who computes. */
type ToStage =
  | { readonly type: "forward"; readonly call: number; readonly step: StageForward }
  | { readonly type: "cancel"; readonly call: number }
  | { readonly type: "end"; readonly sequence: string };

/** Messages back. */
type FromStage =
  | { readonly type: "done"; readonly call: number; readonly hidden: HiddenState }
  | { readonly type: "failed"; readonly call: number; readonly error: ErrorData };

/** Lets who holds the other end of `port` use a service. */
export function serveStage(port: MessagePort, service: StageService): void {
  const running = new Map<number, AbortController>();
  const answer = (message: FromStage, hidden: HiddenState = []): void =>
    port.postMessage(message, transferables(hidden));
  port.onmessage = ({ data }: MessageEvent<ToStage>) => {
    switch (data.type) {
      case "forward": {
        const { call } = data;
        const controller = new AbortController();
        running.set(call, controller);
        service
          .forward(data.step, { signal: controller.signal })
          .then((hidden) => answer({ type: "done", call, hidden }, hidden))
          .catch((error: unknown) => answer({ type: "failed", call, error: errorToData(error) }))
          .finally(() => running.delete(call));
        break;
      }
      case "cancel":
        running.get(data.call)?.abort();
        break;
      case "end":
        service.end(data.sequence);
        break;
    }
  };
}

/** A service at the other end of a port. */
export class StagePort implements StageService {
  readonly #port: MessagePort;
  readonly #calls = new Map<number, { done(hidden: HiddenState): void; fail(error: unknown): void }>();
  #next = 0;
  #closed: MicrogridError | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromStage>) => {
      const call = this.#calls.get(data.call);
      if (data.type === "done") call?.done(data.hidden);
      else call?.fail(errorFromData(data.error));
    };
  }

  /** Hands the bytes of `step` over: they are not to be used any more. */
  async forward(step: StageForward, { signal }: { signal: AbortSignal }): Promise<HiddenState> {
    signal.throwIfAborted();
    if (this.#closed) throw this.#closed;
    const call = this.#next++;
    const cancel = (): void => {
      this.#post({ type: "cancel", call });
      this.#calls.get(call)?.fail(signal.reason);
    };
    signal.addEventListener("abort", cancel);
    try {
      return await new Promise<HiddenState>((done, fail) => {
        this.#calls.set(call, { done, fail });
        this.#post({ type: "forward", call, step }, step.hidden);
      });
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#calls.delete(call);
    }
  }

  end(sequence: string): void {
    this.#post({ type: "end", sequence });
  }

  /** Ends the port; everything that waits fails with `error`. */
  close(error: MicrogridError): void {
    this.#closed ??= error;
    for (const call of this.#calls.values()) call.fail(error);
    this.#port.close();
  }

  #post(message: ToStage, hidden: HiddenState = []): void {
    if (!this.#closed) this.#port.postMessage(message, transferables(hidden));
  }
}

/** Buffers that can be handed over instead of being copied: those that hold nothing else. */
function transferables(hidden: HiddenState): ArrayBuffer[] {
  const buffers = hidden
    .filter(({ bytes }) => bytes.byteLength === bytes.buffer.byteLength)
    .map(({ bytes }) => bytes.buffer);
  return [...new Set(buffers)];
}
