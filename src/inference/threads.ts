/** How many threads the engines of the CPU use. */

/** Most threads worth starting: beyond them, decoding is bound by memory, not by cores. */
const MAX_THREADS = 4;

/** Half of the cores; 1 where the page is not isolated, since threads share their memory. */
export function threadCount(): number {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  return isolated ? Math.max(1, Math.min(MAX_THREADS, Math.ceil(navigator.hardwareConcurrency / 2))) : 1;
}
