/** Makes HTML safe: no scripts, no styles, and nothing that the browser would fetch. */
import DOMPurify from "dompurify";
import { BARE_TAGS } from "./tags";

/** Attributes whose values are never addresses. */
const PLAIN_ATTR = [
  ..."title class type start align colspan rowspan tabindex role aria-label".split(" "),
  ..."data-copy data-goto data-anchor data-tex data-look".split(" "),
];

const purifier = DOMPurify();
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  // Keep only our own buttons; a button written by a model would do nothing or mislead.
  if (node.tagName === "BUTTON" && !node.hasAttribute("data-copy") && !node.hasAttribute("data-goto"))
    node.replaceWith(...node.childNodes);
  if (node.tagName === "CODE" || node.tagName === "PRE" || node.classList.contains("math"))
    node.setAttribute("dir", "ltr");
});

/** The nodes of a block, safe to insert into the page. Each has the direction of its own text. */
export function toSafeFragment(html: string): DocumentFragment {
  const fragment = purifier.sanitize(html, {
    ALLOWED_TAGS: [...BARE_TAGS, "a", "button"],
    ALLOWED_ATTR: ["href", ...PLAIN_ATTR],
    ADD_URI_SAFE_ATTR: PLAIN_ATTR,
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const element of fragment.children) {
    element.setAttribute("dir", element.classList.contains("code") ? "ltr" : "auto");
  }
  return fragment;
}
