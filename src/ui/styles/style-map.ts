/**
 * The build replaces Lit's `styleMap` in Web Awesome's controls by this one (vite.config.ts). It only sets properties;
 * Lit's own first writes a `style` attribute, which the page's Content-Security-Policy refuses.
 */
import { noChange } from "lit";
import { type AttributePart, Directive, type PartInfo, PartType, directive } from "lit/directive.js";

/** Values by property, named in camel case or as in CSS; `null` and `undefined` remove a property. */
export type StyleInfo = Readonly<Record<string, string | number | undefined | null>>;

class StyleMapDirective extends Directive {
  #names: readonly string[] = [];

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== "style" || (part.strings?.length ?? 0) > 2) {
      throw new Error("styleMap must be the whole value of a style attribute.");
    }
  }

  /** The text of the attribute, for rendering on a server. */
  override render(styles: StyleInfo): unknown {
    return declarations(styles)
      .map(([name, value]) => `${name}:${value};`)
      .join("");
  }

  override update(part: AttributePart, [styles]: [StyleInfo]): unknown {
    const { style } = part.element;
    const wanted = declarations(styles);
    for (const name of this.#names) if (!wanted.some(([kept]) => kept === name)) style.removeProperty(name);
    for (const [name, value] of wanted) {
      const text = value.replace(IMPORTANT, "");
      style.setProperty(name, text, text === value ? "" : "important");
    }
    this.#names = wanted.map(([name]) => name);
    return noChange;
  }
}

const IMPORTANT = /\s*!important\s*$/;

function declarations(styles: StyleInfo): [name: string, value: string][] {
  return Object.entries(styles).flatMap(([name, value]) => (value == null ? [] : [[cssName(name), String(value)]]));
}

/** `fontSize` as `font-size`, `webkitMask` as `-webkit-mask`; names with a dash are CSS already. */
function cssName(name: string): string {
  if (name.includes("-")) return name;
  const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return dashed.replace(/^(?:webkit|moz|ms)-/, "-$&");
}

/** Sets each property of `styles` on the element; for `style=${styleMap(…)}`. */
export const styleMap = directive(StyleMapDirective);
