/** How received frames reach the code that handles them: tables with one handler for each type of frame. */
import type * as v from "valibot";
import type { FrameTable } from "../../wire";

/** The body of a received frame of type `K`. */
type Body<T extends FrameTable, K extends keyof T> = v.InferOutput<T[K]["schema"]>;

/** Takes the body of one type of frame, and its sender. */
type Handler<T extends FrameTable, K extends keyof T, From> = (body: Body<T, K>, from: From) => void;

/** A handler for every type of frame in table `T`. The compiler reports a type that has none. */
export type FrameHandlers<T extends FrameTable, From> = { readonly [K in keyof T & string]: Handler<T, K, From> };

/** A received frame of one of the types `K`. */
type Received<T extends FrameTable, K extends keyof T & string> = {
  readonly [P in K]: { readonly kind: P; readonly body: Body<T, P> };
}[K];

/** Calls the handler for the type of `frame`, if there is one. */
export function dispatch<T extends FrameTable, From>(
  handlers: Partial<FrameHandlers<T, From>>,
  frame: Received<T, keyof T & string>,
  from: From,
): void {
  call<T, keyof T & string, From>(handlers, frame, from);
}

function call<T extends FrameTable, K extends keyof T & string, From>(
  handlers: { readonly [P in K]?: Handler<T, P, From> },
  frame: Received<T, K>,
  from: From,
): void {
  handlers[frame.kind]?.(frame.body, from);
}
