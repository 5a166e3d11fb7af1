/** Helpers of acceptance suites, whose scenarios also run in browsers, without a test framework. */

/** Throws unless the condition holds; `what` says what is expected. */
export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Expected: ${what}`);
}

/** The error with which the work fails; throws if it succeeds. `what` names the work. */
export async function failure(work: Promise<unknown>, what = "the work"): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`Expected: ${what} fails`);
}

/** Waits for something that is on its way; fails after a generous time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    check(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
