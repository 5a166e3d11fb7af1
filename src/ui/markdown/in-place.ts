/** Changes nodes into others in place, so that a selection, a scroll position and a pressed button survive new text. */
import { noChange } from "lit";
import { Directive, type ElementPart, type PartInfo, PartType, directive } from "lit/directive.js";
import { toSafeFragment } from "./sanitize";
import { typesetting } from "./wanted";

class InPlace extends Directive {
  #html = "";
  /** The TeX of each formula that was drawn, or could not be. */
  readonly #drawn = new WeakMap<HTMLElement, string>();

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new TypeError("inPlace belongs inside a tag, not in an attribute.");
  }

  override render(_html: string): typeof noChange {
    return noChange;
  }

  override update({ element }: ElementPart, [html]: Parameters<this["render"]>): typeof noChange {
    if (html !== this.#html) changeInPlace(element, toSafeFragment(html));
    this.#html = html;
    for (const formula of element.querySelectorAll<HTMLElement>("[data-tex]")) this.#draw(formula);
    return noChange;
  }

  #draw(formula: HTMLElement): void {
    const { tex = "", look } = formula.dataset;
    const typesetter = typesetting.want();
    if (!typesetter || this.#drawn.get(formula) === tex) return;
    this.#drawn.set(formula, tex);
    try {
      typesetter.typeset(formula, tex, look === "display");
    } catch {
      // Broken TeX shows its source.
    }
  }
}

/** `<div ${inPlace(html)}></div>` shows the HTML, made safe, inside of an element that Lit leaves alone otherwise. */
export const inPlace = directive(InPlace);

/** Makes the children of `parent` like those of `wanted`, and keeps every node that can stay. */
function changeInPlace(parent: Node, wanted: Node): void {
  let old = parent.firstChild;
  for (const next of [...wanted.childNodes]) {
    const following = old?.nextSibling ?? null;
    if (!old) parent.appendChild(next);
    else if (old.nodeName !== next.nodeName) parent.replaceChild(next, old);
    else if (old instanceof Text) changeText(old, next.nodeValue ?? "");
    else if (old instanceof Element && next instanceof Element) changeElement(old, next);
    old = following;
  }
  while (old) {
    const following = old.nextSibling;
    old.remove();
    old = following;
  }
}

/** A selection stays where it is in the part that both texts begin with. */
function changeText(node: Text, text: string): void {
  const { data } = node;
  let same = 0;
  while (same < data.length && data[same] === text[same]) same++;
  if (same < data.length || same < text.length) node.replaceData(same, data.length - same, text.slice(same));
}

function changeElement(element: Element, wanted: Element): void {
  // This button shows for a while that it was pressed, and a formula may be drawn already.
  const tex = element.getAttribute("data-tex");
  if (element.hasAttribute("data-copy") || (tex !== null && tex === wanted.getAttribute("data-tex"))) return;
  for (const { name } of [...element.attributes]) if (!wanted.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  changeInPlace(element, wanted);
}
