/** Errors of downloads. */
import { MicrogridError } from "../core";
import { HostBusy, hostOf, mayRefuse } from "./web";

/** The error for a file whose content is not what it should be. */
export function corrupt(path: string, how: string): MicrogridError {
  return new MicrogridError(
    "file-corrupt",
    `The file ${path} was damaged or changed on its way: it ${how}. It was deleted; load the model again to download a new copy.`,
  );
}

/** The error for a host that did not deliver a file after several tries. */
export function unreachable(url: string, path: string, cause: unknown): MicrogridError {
  return new MicrogridError(
    "network",
    `${path} could not be downloaded from ${hostOf(url)}: ${reasonOf(cause, url)}. ${adviceFor(cause, url)} The part that was downloaded is kept.`,
    { cause },
  );
}

function adviceFor(cause: unknown, url: string): string {
  if (cause instanceof HostBusy) return "Try again later.";
  return mayRefuse(url)
    ? "Check the connection, or whether that host allows other sites to read its files (CORS)."
    : "Check the connection.";
}

/** Why a try to read the address failed, to be shown to people. */
export function reasonOf(error: unknown, url: string): string {
  if (error instanceof TypeError) {
    return mayRefuse(url)
      ? "the host cannot be reached, or it does not allow this page to read its files"
      : "the host cannot be reached";
  }
  return error instanceof Error ? error.message : String(error);
}
