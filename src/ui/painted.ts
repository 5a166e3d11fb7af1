/** Waits for the first paint, so that the page fetches everything else after it. */

/** The longest wait for the paint, ms; a page that is never drawn must still start. */
const MAX_WAIT_MS = 1000;

/** Resolves once the browser has painted the page for the first time, or at once in a hidden tab. */
export function painted(): Promise<void> {
  if (document.visibilityState === "hidden") return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, MAX_WAIT_MS);
    if (!PerformanceObserver.supportedEntryTypes.includes("paint")) {
      requestAnimationFrame(() => setTimeout(resolve));
      return;
    }
    const observer = new PerformanceObserver((list) => {
      if (list.getEntriesByName("first-contentful-paint").length === 0) return;
      observer.disconnect();
      resolve();
    });
    observer.observe({ type: "paint", buffered: true });
  });
}
