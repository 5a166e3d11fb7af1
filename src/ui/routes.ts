/** The page's addresses. All of them are in the URL's fragment, so any static host can serve the page. */
import { depthOf } from "./back";

type PageRoute =
  | { readonly view: "chat"; readonly conversation: string | undefined }
  | { readonly view: "join"; readonly invite: string };

/** The beginning of an invite, which some programs encode or cut off here. */
const JOIN = /^#(\/|%2f)?join(\/|%2f|$)/i;

/** Reads the route from a fragment; an unknown fragment is a new chat. */
export function readRoute(hash: string, href: string): PageRoute {
  const conversation = /^#\/c\/([\w-]+)$/.exec(hash)?.[1];
  if (JOIN.test(hash)) return { view: "join", invite: href };
  return { view: "chat", conversation };
}

export function conversationRoute(id: string): string {
  return `#/c/${id}`;
}

/**
 * Navigates to a route as a click on a link would. The entry of a layer that lies over the page would be left behind in
 * the history, so the route takes its place.
 */
export function go(hash: string): void {
  if (typeof history === "undefined" || depthOf(history.state) === 0) location.hash = hash;
  // On the way to where the page already is, the layer takes its entry along when it closes.
  else if ((location.hash || "#/") !== hash) location.replace(hash);
}
