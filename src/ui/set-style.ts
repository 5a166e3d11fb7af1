/** Styles set through the CSS object model. A `style` attribute, as lit's `styleMap` writes first, needs a laxer policy. */
import { nothing } from "lit";
import { Directive, type ElementPart, type PartInfo, PartType, directive } from "lit/directive.js";

class SetStyle extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new TypeError("setStyle stands inside a tag, without an attribute.");
  }

  override render(_styles: Readonly<Record<string, string | undefined>>): typeof nothing {
    return nothing;
  }

  override update({ element }: ElementPart, [styles]: Parameters<this["render"]>): typeof nothing {
    const { style } = element as HTMLElement;
    for (const [name, value] of Object.entries(styles)) {
      if (value === undefined) style.removeProperty(name);
      else style.setProperty(name, value);
    }
    return nothing;
  }
}

/** `<i ${setStyle({ width: "40%" })}>`: sets properties, named as in CSS; undefined removes one. */
export const setStyle = directive(SetStyle);
