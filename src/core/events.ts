/** An `EventTarget` whose event names and details are typed. */

/** A typed `EventTarget`: `Events` maps each event's name to the type of its `detail`. */
export class TypedEventTarget<Events extends object> extends EventTarget {
  /** Dispatches a `CustomEvent` with this name to all listeners, synchronously. */
  protected emit<K extends keyof Events & string>(type: K, detail: Events[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Calls the listener with the detail of each event of this type. Returns a function that removes the listener. */
  on<K extends keyof Events & string>(type: K, listener: (detail: Events[K]) => void): () => void {
    // CustomEvent turns a detail of undefined into null.
    const handler = (event: Event): void => listener(((event as CustomEvent).detail ?? undefined) as Events[K]);
    this.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }
}
