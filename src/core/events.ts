/** `EventTarget` with the names and details of its events known to the compiler. */

/** A typed `EventTarget`: `Events` maps each event's name to the type of its `detail`. */
export class TypedEventTarget<Events extends object> extends EventTarget {
  /** Dispatches a `CustomEvent` of that name to all listeners, synchronously. */
  protected emit<K extends keyof Events & string>(type: K, detail: Events[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Listens to `type`; the listener gets the event's detail. Returns a function that stops listening. */
  on<K extends keyof Events & string>(type: K, listener: (detail: Events[K]) => void): () => void {
    // A detail of undefined comes out of a CustomEvent as null.
    const handler = (event: Event): void => listener(((event as CustomEvent).detail ?? undefined) as Events[K]);
    this.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }
}
