/** Compares the global scope before and after a file of tests. */

/** Every global name and its value at some time. */
export type Globals = ReadonlyMap<string, unknown>;

/** Reading them warns where Node has no file to keep them in. */
const UNREAD: ReadonlySet<string> = new Set(["localStorage", "sessionStorage"]);

/** WebCrypto is one object for all files, and tests replace its functions. */
const CRYPTO_CALLS = Object.getOwnPropertyNames(SubtleCrypto.prototype) as (keyof SubtleCrypto)[];

/** The global scope as it is now, without symbols, which are libraries' own. */
export function globalsNow(): Globals {
  return new Map([
    ...Object.getOwnPropertyNames(globalThis).map((name): [string, unknown] => [name, meaning(name)]),
    ...CRYPTO_CALLS.map((name): [string, unknown] => [`crypto.subtle.${name}`, crypto.subtle[name]]),
  ]);
}

/** The names that have another meaning now, or that came or went. */
export function changedGlobals(before: Globals, after: Globals): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => before.has(name) !== after.has(name) || !Object.is(before.get(name), after.get(name)));
}

function meaning(name: string): unknown {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  // Node makes many of its globals when they are first read.
  return own?.get && !UNREAD.has(name) ? (globalThis as Record<string, unknown>)[name] : (own?.value ?? own?.get);
}
