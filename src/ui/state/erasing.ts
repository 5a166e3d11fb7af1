/** The wish to delete everything, which outlasts a reload: only then does no tab use what is to be deleted. */

const KEY = "microgrid.erase";

/** Notes the wish, and starts this tab and all others again. */
export function askToErase(): void {
  localStorage.setItem(KEY, "1");
  location.hash = "";
  location.reload();
}

/** True until everything is deleted. */
export function erasingAsked(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** Reloads this tab when another one wishes to delete everything. */
export function followErasing(): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY && newValue !== null) location.reload();
  });
}
