/** A small set of line icons, drawn on a grid of 24, so that nothing is fetched. */
import { type SVGTemplateResult, type TemplateResult, html, svg } from "lit";

/** Draws an icon. Each is a constant of its own, so that each bundle holds only those that it shows. */
export type Shape = () => SVGTemplateResult;

/** An icon in the size of the text around it; it is decoration, so give its button a label. */
export function icon(shape: Shape, size = 20): TemplateResult {
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${shape()}
  </svg>`;
}

/** The mark of Microgrid: four nodes, linked, one of them lit. */
export function mark(size = 24): TemplateResult {
  return html`<svg width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true">
    <path d="M7 7h10v10H7zM7 7l10 10" fill="none" stroke="var(--mg-accent)" stroke-width="1.8" opacity="0.55" />
    <circle cx="7" cy="7" r="3.4" fill="var(--mg-accent)" />
    <circle cx="17" cy="7" r="3.4" fill="var(--mg-accent)" />
    <circle cx="7" cy="17" r="3.4" fill="var(--mg-accent)" />
    <circle cx="17" cy="17" r="3.4" fill="var(--mg-spark)" />
  </svg>`;
}

export const menuIcon: Shape = () => svg`<path d="M4 7h16M4 12h16M4 17h10" />`;
export const plusIcon: Shape = () => svg`<path d="M12 5v14M5 12h14" />`;
export const searchIcon: Shape = () => svg`<circle cx="11" cy="11" r="6" /><path d="m15.5 15.5 4.5 4.5" />`;
export const closeIcon: Shape = () => svg`<path d="m6 6 12 12M18 6 6 18" />`;
export const moreIcon: Shape = () => svg`<path d="M5.5 12h.01M12 12h.01M18.5 12h.01" stroke-width="2.6" />`;
export const clipIcon: Shape = () =>
  svg`<path d="m20 11.5-8 8a5 5 0 0 1-7-7l8.2-8.2a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.5-7.5" />`;
export const sendIcon: Shape = () => svg`<path d="M12 19V5M5.5 11.5 12 5l6.5 6.5" />`;
export const stopIcon: Shape = () => svg`<rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor" />`;
export const copyIcon: Shape = () =>
  svg`<rect x="9" y="9" width="11" height="11" rx="2.5" /><path d="M15 5.5A2.5 2.5 0 0 0 12.5 4h-6A2.5 2.5 0 0 0 4 6.5v6A2.5 2.5 0 0 0 5.5 15" />`;
export const checkIcon: Shape = () => svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`;
export const retryIcon: Shape = () => svg`<path d="M19.5 12a7.5 7.5 0 1 1-2.4-5.5" /><path d="M19.5 3.5v4h-4" />`;
export const editIcon: Shape = () => svg`<path d="M4.5 19.5 5.5 15 16 4.5l3.5 3.5L9 18.5Z" />`;
export const forwardIcon: Shape = () => svg`<path d="M6 5.5 12.5 12 6 18.5M13 5.5l6.5 6.5-6.5 6.5" />`;
export const trashIcon: Shape = () => svg`<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 11v5M14 11v5" />`;
export const slidersIcon: Shape = () =>
  svg`<path d="M4 8h8M18 8h2M4 16h2M12 16h8" /><circle cx="15" cy="8" r="2.6" /><circle cx="9" cy="16" r="2.6" />`;
export const settingsIcon: Shape = () =>
  svg`<circle cx="12" cy="12" r="3" /><path d="M12 3.5v3M12 17.5v3M3.5 12h3M17.5 12h3M6 6l2.1 2.1M15.9 15.9 18 18M18 6l-2.1 2.1M8.1 15.9 6 18" />`;
export const peopleIcon: Shape = () =>
  svg`<circle cx="9" cy="8.5" r="3.5" /><path d="M3 19.5c.4-3.6 2.7-5.5 6-5.5s5.6 1.9 6 5.5M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.5c2.1.7 3.3 2.4 3.5 5" />`;
export const chipIcon: Shape = () =>
  svg`<rect x="6.5" y="6.5" width="11" height="11" rx="2" /><path d="M10 3.5v3M14 3.5v3M10 17.5v3M14 17.5v3M3.5 10h3M3.5 14h3M17.5 10h3M17.5 14h3" />`;
export const downIcon: Shape = () => svg`<path d="m6 9.5 6 6 6-6" />`;
export const rightIcon: Shape = () => svg`<path d="m9.5 6 6 6-6 6" />`;
export const downwardIcon: Shape = () => svg`<path d="M12 5v14M6 13l6 6 6-6" />`;
export const backIcon: Shape = () => svg`<path d="M7 5v9a4.5 4.5 0 0 0 9 0V6M12.5 9.5 16 6l3.5 3.5" />`;
export const leftIcon: Shape = () => svg`<path d="M19 12H5M11.5 5.5 5 12l6.5 6.5" />`;
export const shareIcon: Shape = () =>
  svg`<path d="M12 15V4M7.5 8 12 3.5 16.5 8" /><path d="M5 13v5.5A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5V13" />`;
export const downloadIcon: Shape = () => svg`<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14" />`;
export const infoIcon: Shape = () => svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 11v5.5M12 7.8v.01" />`;
export const helpIcon: Shape = () =>
  svg`<circle cx="12" cy="12" r="8.5" /><path d="M9.6 9.6a2.5 2.5 0 1 1 3.5 2.4c-.7.3-1.1.8-1.1 1.7M12 16.6v.01" />`;
export const alertIcon: Shape = () => svg`<path d="M12 4 3 19.5h18Z" /><path d="M12 10v4.5M12 17v.01" />`;
export const sunIcon: Shape = () =>
  svg`<circle cx="12" cy="12" r="4" /><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4" />`;
export const moonIcon: Shape = () => svg`<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z" />`;
export const verifiedIcon: Shape = () =>
  svg`<path d="m12 3 7 2.6v5.6c0 4.5-2.8 7.9-7 9.8-4.2-1.9-7-5.3-7-9.8V5.6Z" /><path d="m8.8 12 2.3 2.3 4.2-4.6" />`;
export const cameraIcon: Shape = () =>
  svg`<path d="M4 8.5h3.5L9 6h6l1.5 2.5H20v10H4Z" /><circle cx="12" cy="13" r="3.2" />`;
export const rulesIcon: Shape = () => svg`<path d="M6 3.5h9.5L19 7v13.5H6Z" /><path d="M9 9h5M9 12.5h7M9 16h7" />`;
export const autoIcon: Shape = () =>
  svg`<circle cx="12" cy="12" r="8" /><path d="M12 4a8 8 0 0 1 0 16Z" fill="currentColor" />`;
