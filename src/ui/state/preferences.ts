/** Preferences kept in this browser: theme and last model. Without storage they have their defaults. */

export type Theme = "auto" | "light" | "dark";

const THEME_KEY = "microgrid.theme";
const MODEL_KEY = "microgrid.model";
const SCREEN_KEY = "microgrid.screen-off";

/** The chosen theme; `auto` follows the system. */
export function readTheme(): Theme {
  const value = read(THEME_KEY);
  return value === "light" || value === "dark" ? value : "auto";
}

/** Stores the theme and shows it. */
export function saveTheme(theme: Theme): void {
  write(THEME_KEY, theme === "auto" ? undefined : theme);
  applyTheme(theme);
}

/** Shows a theme: our tokens follow `data-theme`, Web Awesome's palette follows `wa-dark`. */
export function applyTheme(theme: Theme = readTheme()): void {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.toggle("wa-dark", dark);
}

/** Keeps `auto` in step with the system from now on. */
export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme());
}

/** Id of the model that was used last, if any. */
export function readLastModel(): string | undefined {
  return read(MODEL_KEY);
}

export function saveLastModel(id: string | undefined): void {
  write(MODEL_KEY, id);
}

/** Whether the screen stays on while this device is shared; it does unless the user has said no. */
export function readScreenStaysOn(): boolean {
  return read(SCREEN_KEY) === undefined;
}

export function saveScreenStaysOn(on: boolean): void {
  write(SCREEN_KEY, on ? undefined : "yes");
}

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The browser refuses storage, so the choice applies until the page closes.
  }
}
