/** Shows a room to a guest before it is entered. */
import type { Revocations } from "../../identity";
import { parseInvite, previewRoom } from "../../room";
import { openPeerJsTransport } from "../../wire";
import type { GridConfig } from "../config";
import type { RoomPreview } from "../types";
import { AGENT } from "./agent";
import type { RoomNotices } from "./room-notices";
import { roomPreview } from "./room-state";

interface PreviewContext {
  readonly config: GridConfig;
  /** The revocations that this node knows. */
  readonly revocations: Revocations;
  readonly notices: RoomNotices;
}

/** Resolves when somebody of the room has answered. Throws `peer-refused` if the invite does not open the door. */
export async function previewOf(
  link: string,
  { config, revocations, notices }: PreviewContext,
  signal: AbortSignal,
): Promise<RoomPreview> {
  const invite = parseInvite(link);
  try {
    const welcome = await previewRoom({
      invite,
      agent: AGENT,
      openTransport: (url) => openPeerJsTransport({ url, rtc: config.rtc }),
      revocations,
      onTrouble: (error) => notices.refused(error, invite.name, true),
      signal,
    });
    return roomPreview(welcome);
  } finally {
    notices.noLongerBlocked();
  }
}
