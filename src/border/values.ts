/**
 * How values that cannot be cloned cross a border: Comlink's transfer handlers for errors, signals, callbacks, streams and
 * services, alone or as fields of a plain object such as `{ signal, onProgress }`. Installed once, by importing this file.
 */
import { type TransferHandler, expose, proxyMarker, transferHandlers } from "comlink";
import { onAbort } from "../core";
import { type ErrorWire, errorFromWire, errorToWire } from "./errors";
import { CLOSE, CallScope, listen } from "./ports";
import { IncomingStream, sendStream } from "./stream";

type Handler = TransferHandler<unknown, unknown>;

/** Message of a signal's port. */
interface AbortMessage {
  readonly type: "abort";
  readonly reason: ErrorWire;
}

/** Message of a callback's port. */
interface CallbackMessage {
  readonly type: "call";
  readonly args: readonly unknown[];
}

/** An `AbortSignal`: aborts on the far side as well, with the same reason, until the call is over. */
const signals: Handler = {
  canHandle: (value): value is unknown => value instanceof AbortSignal,
  serialize(value) {
    const signal = value as AbortSignal;
    const { port1, port2 } = new MessageChannel();
    const abort = (reason: unknown): void =>
      port1.postMessage({ type: "abort", reason: errorToWire(reason) } satisfies AbortMessage);
    const stop = onAbort(signal, abort);
    CallScope.current?.add({
      close() {
        stop();
        port1.postMessage(CLOSE);
      },
      abandon: () => abort(new DOMException("The stream was left.", "AbortError")),
    });
    return [port2, [port2]];
  },
  deserialize(wire) {
    const controller = new AbortController();
    listen(
      wire as MessagePort,
      ({ reason }: AbortMessage) => controller.abort(errorFromWire(reason)),
      (lost) => lost && controller.abort(new DOMException("The caller is gone.", "AbortError")),
    );
    return controller.signal;
  },
};

/** A function that returns nothing: called on the near side, in order, until the call is over. */
const callbacks: Handler = {
  canHandle: (value): value is unknown => typeof value === "function" && !(proxyMarker in value),
  serialize(value) {
    const callback = value as (...args: readonly unknown[]) => void;
    const { port1, port2 } = new MessageChannel();
    let over = false;
    listen(port1, ({ args }: CallbackMessage) => {
      if (!over) callback(...args);
    });
    CallScope.current?.add({
      close() {
        over = true;
        port1.postMessage(CLOSE);
      },
    });
    return [port2, [port2]];
  },
  deserialize(wire) {
    const port = wire as MessagePort;
    let over = false;
    listen(
      port,
      () => undefined,
      () => (over = true),
    );
    return (...args: readonly unknown[]): void => {
      if (!over) port.postMessage({ type: "call", args } satisfies CallbackMessage);
    };
  },
};

/** An async iterable: read on the other side, with bounded credit. */
const streams: Handler = {
  canHandle: (value): value is unknown => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
  serialize(value) {
    const { port1, port2 } = new MessageChannel();
    void sendStream(port1, value as AsyncIterable<unknown>);
    return [port2, [port2]];
  },
  deserialize: (wire) => new IncomingStream(wire as MessagePort),
};

/** An error that a call throws. Comlink marks it so that no other value is taken for one. */
const thrown: Handler = {
  canHandle: (value): value is unknown => comlinkThrow.canHandle(value),
  serialize: (value) => [errorToWire((value as { readonly value: unknown }).value), []],
  deserialize(wire) {
    throw errorFromWire(wire as ErrorWire);
  },
};

/** Fields by name, those that need a handler with its name. */
interface RecordWire {
  readonly plain: Readonly<Record<string, unknown>>;
  readonly special: readonly (readonly [key: string, handler: string, wire: unknown])[];
}

/** A plain object with a signal, a callback, a stream or a service among its fields. */
const records: Handler = {
  canHandle: (value): value is unknown =>
    isPlainObject(value) && Object.values(value).some((field) => handlerOf(field) !== undefined),
  serialize(value) {
    const plain: Record<string, unknown> = {};
    const special: [string, string, unknown][] = [];
    const transferables: Transferable[] = [];
    for (const [key, field] of Object.entries(value as object)) {
      const handler = handlerOf(field);
      if (!handler) {
        plain[key] = field;
        continue;
      }
      const [wire, moved] = handler[1].serialize(field);
      special.push([key, handler[0], wire]);
      transferables.push(...moved);
    }
    return [{ plain, special } satisfies RecordWire, transferables];
  },
  deserialize(wire) {
    const { plain, special } = wire as RecordWire;
    const value: Record<string, unknown> = { ...plain };
    for (const [key, name, field] of special) value[key] = transferHandlers.get(name)?.deserialize(field);
    return value;
  },
};

const comlinkThrow = transferHandlers.get("throw") as Handler;

/** Names of the handlers of single values; records and errors contain others. */
const SINGLE = ["service", "signal", "callback", "stream"];

function handlerOf(value: unknown): readonly [name: string, handler: Handler] | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  for (const name of SINGLE) {
    const handler = transferHandlers.get(name) as Handler;
    if (handler.canHandle(value)) return [name, handler];
  }
  return undefined;
}

/** True for objects made by `{}`: those whose fields are all that they are. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Installs the handlers. `connect` makes the near side of a service that is passed as a value.
 */
export function installHandlers(connect: (port: MessagePort) => unknown): void {
  const service: Handler = {
    canHandle: (value): value is unknown =>
      ((typeof value === "object" && value !== null) || typeof value === "function") && proxyMarker in value,
    serialize(value) {
      const { port1, port2 } = new MessageChannel();
      expose(value, port1);
      return [port2, [port2]];
    },
    deserialize: (wire) => connect(wire as MessagePort),
  };
  transferHandlers.delete("proxy");
  const handlers = { throw: thrown, service, signal: signals, callback: callbacks, stream: streams, record: records };
  for (const [name, handler] of Object.entries(handlers)) transferHandlers.set(name, handler);
}
