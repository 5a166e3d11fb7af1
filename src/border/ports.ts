/** Message ports that belong to one call: whatever cannot be cloned (signals, callbacks, streams) travels over one. */

/** The last message over a port, from either side. The receiver closes the port: closing at once could lose messages. */
export const CLOSE = { type: "close" } as const;

/** True for the last message over a port. */
export function isClose(data: unknown): boolean {
  return typeof data === "object" && data !== null && (data as { type?: unknown }).type === CLOSE.type;
}

/** Listens to a port; the port is closed after the other side's last message. */
export function listen<M>(port: MessagePort, listener: (message: M) => void, onClose?: () => void): void {
  port.onmessage = ({ data }: MessageEvent<M | typeof CLOSE>) => {
    if (!isClose(data)) return listener(data as M);
    port.close();
    onClose?.();
  };
}

/** What a call keeps open on the caller's side. */
export interface Opened {
  /** The call is over. */
  close(): void;
  /** The caller left the call's stream: whatever can stop the work on the far side does so. */
  abandon?(): void;
}

/** The ports of one call, from the moment its arguments are serialized until its result or its stream ends. */
export class CallScope {
  static #current: CallScope | undefined;
  readonly #opened = new Set<Opened>();

  /** The scope of the call whose arguments are being serialized now. Results have none. */
  static get current(): CallScope | undefined {
    return CallScope.#current;
  }

  /** Runs `serialize`, which is synchronous; what it opens belongs to this call. */
  during<T>(serialize: () => T): T {
    const outer = CallScope.#current;
    CallScope.#current = this;
    try {
      return serialize();
    } finally {
      CallScope.#current = outer;
    }
  }

  add(opened: Opened): void {
    this.#opened.add(opened);
  }

  /** Closes everything that the call has opened. */
  close(): void {
    for (const opened of this.#opened) opened.close();
    this.#opened.clear();
  }

  /** Stops the work on the far side, and closes everything. */
  abandon(): void {
    for (const opened of this.#opened) opened.abandon?.();
    this.close();
  }
}
