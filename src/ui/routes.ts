/** The addresses inside the page; all of them are in the fragment, so any static host serves them. */

export type Route =
  | { readonly view: "chat"; readonly conversation: string | undefined }
  | { readonly view: "join"; readonly invite: string };

/** Reads the route from a fragment; what is not known is a new chat. */
export function readRoute(hash: string, href: string): Route {
  const conversation = /^#\/c\/([\w-]+)$/.exec(hash)?.[1];
  if (hash.startsWith("#/join/")) return { view: "join", invite: href };
  return { view: "chat", conversation };
}

export function conversationRoute(id: string): string {
  return `#/c/${id}`;
}

/** Goes to a route as a click on a link would. */
export function go(hash: string): void {
  location.hash = hash;
}
