/** Web Locks as a browser has them, within one process: held until the holder lets go, is robbed, or is killed. */

interface Holder {
  /** The tab or worker that holds the lock. */
  readonly client: string;
  /** Rejects the holder's request. */
  rob(): void;
}

export class FakeLocks {
  readonly #held = new Map<string, Holder>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** The locks as one tab or worker has them. */
  as(client: string): LockManager {
    return {
      request: (name: string, ...rest: unknown[]) => this.#request(client, name, rest),
      query: () =>
        Promise.resolve({ held: [...this.#held].map(([name, { client: clientId }]) => ({ name, clientId })) }),
    } as LockManager;
  }

  request(name: string, ...rest: unknown[]): Promise<unknown> {
    return this.#request("page", name, rest);
  }

  /** All holders die without a word; those that waited for their locks get them. */
  kill(): void {
    for (const name of [...this.#held.keys()]) this.#free(name);
  }

  #request(client: string, name: string, rest: unknown[]): Promise<unknown> {
    const callback = rest.at(-1) as (lock: object | null) => unknown;
    const { ifAvailable, steal, signal } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
    return new Promise((resolve, reject) => {
      const take = (): void => {
        const holder = { client, rob: () => reject(new DOMException("The lock was stolen.", "AbortError")) };
        this.#held.set(name, holder);
        void (async () => callback({ name }))()
          .then(resolve, reject)
          .finally(() => {
            if (this.#held.get(name) === holder) this.#free(name);
          });
      };
      const holder = this.#held.get(name);
      if (!holder) return take();
      if (ifAvailable) return resolve(callback(null));
      if (steal) {
        holder.rob();
        return take();
      }
      const queue = this.#waiting.get(name) ?? [];
      this.#waiting.set(name, queue);
      queue.push(take);
      signal?.addEventListener("abort", () => {
        this.#waiting.set(
          name,
          (this.#waiting.get(name) ?? []).filter((each) => each !== take),
        );
        reject(signal.reason as Error);
      });
    });
  }

  #free(name: string): void {
    this.#held.delete(name);
    this.#waiting.get(name)?.shift()?.();
  }
}
