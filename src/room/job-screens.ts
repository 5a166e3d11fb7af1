/** Judges frames about jobs by their ids, before anything else of them is read. */
import { cborField } from "../core";
import type { RawFrame, Interest } from "../wire";
import type { JobServer } from "./jobs/server";
import type { Member } from "./links/member";
import type { RemotePeer } from "./peers/remote-peer";

/** Kinds that answer a job which this node has given away. */
const ANSWERS: ReadonlySet<string> = new Set([
  "job.accepted",
  "job.refused",
  "job.shortened",
  "job.tokens",
  "job.done",
  "job.vectors",
  "job.failed",
]);

/** Whether a frame is worth decoding, as far as jobs are concerned: those about jobs that nobody knows are not. */
export function screensJobs(
  frame: RawFrame,
  { member, peer, server }: { readonly member: Member; readonly peer: RemotePeer; readonly server: JobServer },
): Interest {
  const id = (): unknown => cborField(frame.body, ["id"]);
  if (ANSWERS.has(frame.kind)) return peer.jobsOver(member)?.awaits(id()) === true && "asked";
  if (frame.kind === "job.cancel") return server.has(member.link, id()) && "asked";
  return server.screen(member.link, frame);
}
