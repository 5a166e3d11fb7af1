/** The page's components: the frame that is painted first, and what it loads later by itself. */
export { MicrogridApp } from "./app/microgrid-app";
export { applyTheme, followSystemTheme } from "./state/preferences";
export { erasingAsked, followErasing } from "./state/erasing";
export { painted } from "./painted";
export { loadWorkspace } from "./load-workspace";
export type { SiteVersion } from "./state/site-version";
