/** Calls over a border: `serve` offers an object's methods to the other side, `connect` is how the other side calls them. */
import { type Endpoint, type Remote, expose, proxy, releaseProxy, wrap } from "comlink";
import { onAbort, unlessAborted } from "../core";
import { CallScope } from "./ports";
import { IncomingStream } from "./stream";
import { installHandlers, isPlainObject } from "./values";

/** Marks the services that `connect` made, so that one inside a result can be tied to the life of the other side. */
const TIE = Symbol("border.tie");
const RELEASE = Symbol("border.release");

/** The hidden controls of each service that came over a border. */
interface Connected {
  [TIE](gone: AbortSignal): void;
  [RELEASE](): void;
}

/**
 * An object whose methods can be called from another thread or tab. Each method returns a promise or an async iterable;
 * methods may be grouped in objects. Arguments and results are cloned, except for signals, callbacks, async iterables and
 * services (`asService`), which keep working across the border, also as fields of a plain object.
 */
export type Service = object;

/** Offers `service` at `endpoint`. */
export function serve(service: Service, endpoint: Endpoint): void {
  expose(service, endpoint);
}

/** Marks an object that is an argument or a result: the other side gets its methods instead of a copy. */
export function asService<T extends Service>(service: T): T {
  return proxy(service);
}

/** Lets go of a service that came over a border. A service that is forgotten is released as well, some time later. */
export function release(service: Service): void {
  (service as Partial<Connected>)[RELEASE]?.();
}

/**
 * The other side's service, as if it were here. A call
 * - rejects with the error that the method threw: its class, code, message and cause;
 * - rejects at once with a signal's reason when one of the signals among its arguments is aborted;
 * - rejects at once with the reason of `gone` when the other side is known to be dead.
 *
 * A method that returns an async iterable starts when it is called; leaving the loop aborts its signal on the far side.
 *
 * @example
 * const engine = connect<Engine>(worker);
 * for await (const token of engine.generate(request, { signal })) show(token);
 */
export function connect<T extends Service>(endpoint: Endpoint, { gone }: { gone?: AbortSignal } = {}): T {
  const remote = wrap<object>(endpoint);
  let life = gone;
  const connected: Connected = {
    [TIE](signal) {
      life = life ? AbortSignal.any([life, signal]) : signal;
    },
    [RELEASE]: () => remote[releaseProxy](),
  };
  const at = (path: readonly string[]): unknown =>
    // The target must be callable, for `apply`.
    new Proxy(() => undefined, {
      get(_, key) {
        if (typeof key === "string") return key === "then" ? undefined : at([...path, key]);
        return path.length === 0 ? connected[key as keyof Connected] : undefined;
      },
      has: (_, key) => path.length === 0 && key in connected,
      apply: (_, __, args: readonly unknown[]) => iterable(call(remote, path, args, life)),
    });
  return at([]) as T;
}

installHandlers((port) => connect(port));

async function call(
  remote: Remote<object>,
  path: readonly string[],
  args: readonly unknown[],
  life: AbortSignal | undefined,
): Promise<unknown> {
  const signals = [...signalsIn(args), ...(life ? [life] : [])];
  for (const signal of signals) signal.throwIfAborted();
  const scope = new CallScope();
  let streaming = false;
  try {
    const result = scope.during(() => method(remote, path)(...args));
    const stop = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const value = await (stop ? unlessAborted(result, stop) : result);
    if (life) tie(value, life);
    if (value instanceof IncomingStream) {
      streaming = true;
      follow(value, scope, stop);
    }
    return value;
  } finally {
    if (!streaming) scope.close();
  }
}

/** Ends a stream when its call is aborted, and the call when its stream is over. */
function follow(stream: IncomingStream<unknown>, scope: CallScope, stop: AbortSignal | undefined): void {
  let forget = (): void => undefined;
  stream.onOver((left) => {
    forget();
    if (left) scope.abandon();
    else scope.close();
  });
  if (stop) forget = onAbort(stop, (reason) => stream.fail(reason));
}

function method(remote: Remote<object>, path: readonly string[]): (...args: readonly unknown[]) => Promise<unknown> {
  let target: unknown = remote;
  for (const key of path) target = (target as Readonly<Record<string, unknown>>)[key];
  return target as (...args: readonly unknown[]) => Promise<unknown>;
}

function signalsIn(args: readonly unknown[]): AbortSignal[] {
  const values = args.flatMap((arg) => (isPlainObject(arg) ? Object.values(arg) : [arg]));
  return values.filter((value) => value instanceof AbortSignal);
}

/** Services inside of a result die with the side that they live on. */
function tie(value: unknown, life: AbortSignal): void {
  const values = isPlainObject(value) ? Object.values(value) : [value];
  for (const service of values) {
    if (typeof service === "function" && TIE in service) (service as unknown as Connected)[TIE](life);
  }
}

/** Lets the promise of a stream be looped over without waiting for it first. */
function iterable(promise: Promise<unknown>): Promise<unknown> & AsyncIterable<unknown> {
  return Object.assign(promise, {
    async *[Symbol.asyncIterator]() {
      yield* (await promise) as AsyncIterable<unknown>;
    },
  });
}
