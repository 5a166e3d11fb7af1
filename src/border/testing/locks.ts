/** Web Locks as a browser has them, within one process: held until the holder lets go or is killed. */

export class FakeLocks {
  readonly #held = new Map<string, () => void>();
  readonly #waiting = new Map<string, () => void>();

  request(name: string, ...rest: unknown[]): Promise<unknown> {
    const callback = rest.at(-1) as () => unknown;
    if (!this.#held.has(name)) {
      return new Promise((resolve) => {
        this.#held.set(name, () => resolve(undefined));
        void callback();
      });
    }
    return new Promise((resolve) => this.#waiting.set(name, () => resolve(callback())));
  }

  /** All holders die without a word; those that waited for their locks get them. */
  kill(): void {
    for (const name of [...this.#held.keys()]) {
      this.#held.delete(name);
      this.#waiting.get(name)?.();
    }
  }
}
