/** The parts of addresses of models: repositories on a hub with revisions and folders, and folders on other hosts. */
import type { HubOrigin } from "./entry";

const MAIN = "main";
/** The folder in which repositories usually keep their graphs; naming it says nothing. */
const USUAL_FOLDER = "onnx/";
/** Names of files that people copy the address of, as opposed to folders. */
const FILE_NAME = /(^|\/)[^/]*\.(json|jinja|onnx|onnx[._]data(_\d+)?|gguf|html?|md|txt)$/;

/** The repository that the path of an address on a hub refers to; undefined if the path is something else. */
export function repositoryAt(path: string): HubOrigin | undefined {
  const [, repository, kind, rest] = /^\/([\w.-]+\/[\w.-]+?)(?:\/(tree|resolve|blob|raw)\/(.+?))?\/?$/.exec(path) ?? [];
  if (repository === undefined) return undefined;
  if (kind === undefined || rest === undefined) return { kind: "hub", repository };
  // Slashes inside a revision are escaped, except in those of pull requests and conversions.
  const [, revision = "", inside = ""] = /^(refs\/(?:pr|convert)\/[^/]+|[^/]+)\/?(.*)$/.exec(rest) ?? [];
  const [wanted, place] = [decoded(revision), decoded(inside)];
  if (wanted === undefined || place === undefined) return undefined;
  if (/\.(onnx|gguf)$/.test(place)) return hubOrigin(repository, wanted, place);
  const folder = place.replace(FILE_NAME, "$1");
  return hubOrigin(repository, wanted, folder === "" || folder.endsWith("/") ? folder : `${folder}/`);
}

/** A repository, without the parts of the address that are the usual ones. */
export function hubOrigin(repository: string, revision: string | undefined, within: string | undefined): HubOrigin {
  return {
    kind: "hub",
    repository,
    ...(revision !== undefined && revision !== MAIN && { revision }),
    ...(within !== undefined && within !== "" && within !== USUAL_FOLDER && { within }),
  };
}

/** The address below which the files of a repository are. */
export function filesAddress(hub: string, { repository, revision = MAIN }: HubOrigin): string {
  return `${hub}/${repository}/resolve/${encodeURIComponent(revision)}/`;
}

/** The address of the hub's list of a repository's files, and that of the repository's default branch. */
export function listingAddresses(hub: string, { repository, revision }: HubOrigin): { own: string; main: string } {
  const main = `${hub}/api/models/${repository}?blobs=true`;
  if (revision === undefined) return { own: main, main };
  return { own: `${hub}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`, main };
}

/**
 * The folder of a model on a host that is not a hub. The address may also be that of a file in that folder, or of a graph
 * in its folder `onnx/`.
 */
export function fileFolder(url: URL): string {
  const path = url.pathname.replace(/(^|\/)onnx\/[^/]*\.onnx([._]data(_\d+)?)?$/, "$1").replace(FILE_NAME, "$1");
  return `${url.origin}${path.endsWith("/") ? path : `${path}/`}`;
}

/** The name of the GGUF file that an address ends with; undefined for other addresses. */
export function ggufName(url: URL): string | undefined {
  const [name] = /[^/]+\.gguf$/.exec(url.pathname) ?? [];
  return name === undefined ? undefined : decoded(name);
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
