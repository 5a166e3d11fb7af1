/** When the page has been painted: what it does not need for that is fetched from then on. */

/** Longest wait for the paint, ms: a page that the system does not draw comes to life all the same. */
const MAX_WAIT_MS = 1000;

/** Resolves once the browser has shown the page for the first time, or at once in a tab that nobody sees. */
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
