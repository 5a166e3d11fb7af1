/** The files of one build of the site, as the build lists them for the site's worker. */

/** Paths are relative to the site's folder; the page itself is the empty path. */
export interface BuildFiles {
  /** The id of the build. */
  readonly build: string;
  /** The script that the page starts with. A page without it is the page of another build, or none at all. */
  readonly entry: string;
  /** Everything that the page needs wherever it runs. The worker fetches it when it is installed. */
  readonly first: readonly string[];
  /** Files that only some devices or some actions need, such as engines. They are kept when they are first used. */
  readonly later: readonly string[];
}

/** Names in this folder contain a hash of the content, so builds can share the files. */
const ASSETS = "assets/";

/** True for a file whose content never changes. */
export function isHashed(path: string): boolean {
  return path.startsWith(ASSETS);
}

/** The name of a file without its hash, which the same file has in all builds. */
export function unhashed(path: string): string {
  return path.replace(/-[\w-]{8}(?=\.\w+$)/, "");
}
