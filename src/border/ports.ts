/** Message ports that belong to one call. Values that cannot be cloned (signals, callbacks, streams) use one each. */

/** The last message over a port, from either side. The receiver closes the port: closing at once could lose messages. */
export const CLOSE = { type: "close" } as const;

/** The last message over a port whose other side has died, sent on its behalf. */
export const LOST = { type: "lost" } as const;

/** True for the last message over a port. */
export function isLast(data: unknown): boolean {
  const type = typeof data === "object" && data !== null ? (data as { type?: unknown }).type : undefined;
  return type === CLOSE.type || type === LOST.type;
}

/** Listens to a port; it is closed after the last message. `onClose` hears whether the other side was lost. */
export function listen(port: MessagePort, listener: (message: never) => void, onClose?: (lost: boolean) => void): void {
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (isLast(data)) {
      port.close();
      onClose?.((data as { readonly type: unknown }).type === LOST.type);
    } else listener(data as never);
  };
}

/** Something that a call keeps open on the caller's side. */
interface CallResource {
  /** The call is over. */
  close(): void;
  /** The caller left the call's stream. If this can stop the work on the far side, it does so. */
  abandon?(): void;
}

/** The ports of one call, from the moment its arguments are serialized until its result or its stream ends. */
export class CallScope {
  static #current: CallScope | undefined;
  readonly #opened = new Set<CallResource>();

  /** The scope of the call whose arguments are being serialized now. Results have none. */
  static get current(): CallScope | undefined {
    return CallScope.#current;
  }

  /** Runs `serialize`, which is synchronous. Ports that it opens belong to this call. */
  during<T>(serialize: () => T): T {
    const outer = CallScope.#current;
    CallScope.#current = this;
    try {
      return serialize();
    } finally {
      CallScope.#current = outer;
    }
  }

  add(opened: CallResource): void {
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
