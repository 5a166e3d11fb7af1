/** Sets styles through the CSS object model. Lit's `styleMap` first writes a `style` attribute, which the page's CSP refuses. */
import { nothing } from "lit";
import { Directive, type ElementPart, type PartInfo, PartType, directive } from "lit/directive.js";

class SetStyle extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new TypeError("setStyle belongs inside a tag, not in an attribute.");
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

/** `<i ${setStyle({ width: "40%" })}>` sets CSS properties by their CSS names; undefined removes a property. */
export const setStyle = directive(SetStyle);
