/** Draws math as MathML. Loaded when math is first shown. */
import temml from "temml";

/** Puts the formula in the place of what the element contains. Throws if its TeX is broken. */
export function typeset(element: HTMLElement, tex: string, display: boolean): void {
  const drawn = document.createElement("span");
  temml.render(tex, drawn, { displayMode: display, throwOnError: true, trust: false, maxSize: [50, 50] });
  element.replaceChildren(...drawn.childNodes);
}
