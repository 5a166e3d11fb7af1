/** A face for an identity: two colours made from its did, and the first letter of its name. */
import { html, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";

/** A hue of 0 to 359 degrees that is always the same for the same did. */
export function hueOf(did: string): number {
  let hash = 0;
  for (const character of did) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

/** The avatar of an identity, as decoration. */
export function avatar(did: string, name: string): TemplateResult {
  const hue = hueOf(did);
  const letter = Array.from(name.trim())[0]?.toUpperCase() ?? "?";
  const styles = {
    display: "grid",
    placeItems: "center",
    flex: "none",
    width: "2.25rem",
    height: "2.25rem",
    borderRadius: "50%",
    background: `linear-gradient(135deg, oklch(0.62 0.12 ${hue}), oklch(0.5 0.13 ${(hue + 50) % 360}))`,
    color: "#fff",
    fontSize: "0.9375rem",
    fontWeight: "600",
  };
  return html`<span aria-hidden="true" style=${styleMap(styles)}>${letter}</span>`;
}
