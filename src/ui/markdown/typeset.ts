/** Draws math as MathML. Loaded when math is first shown. */
import temml from "temml";

/** Longest TeX that is drawn, in characters. */
const MAX_TEX_CHARS = 2000;
/** Commands that define others: a definition that doubles its argument, used a few times, takes seconds. */
const DEFINES = /\\(?:[gex]?def|let|futurelet|(?:re)?newcommand|providecommand)(?![A-Za-z])/;

/** Puts the formula in the place of what the element contains. Throws if its TeX is broken, very long, or defines commands. */
export function typeset(element: HTMLElement, tex: string, display: boolean): void {
  if (tex.length > MAX_TEX_CHARS || DEFINES.test(tex)) throw new RangeError("This TeX might take too long to draw.");
  const drawn = document.createElement("span");
  temml.render(tex, drawn, { displayMode: display, throwOnError: true, trust: false, maxSize: [50, 50] });
  element.replaceChildren(...drawn.childNodes);
}
