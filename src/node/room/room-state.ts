/** Builds the state of a room for the page from the node's objects. */
import { toHex } from "../../core";
import type { Charter, ProposalInfo, RoomSession, Standing, Welcome } from "../../room";
import type {
  CharterState,
  CharterTerms,
  MembershipState,
  PeerState,
  Proposal,
  RoomPreview,
  RoomState,
  ShareOptions,
} from "../types";

/** Facts for the page that the room itself does not know. */
interface Around {
  /** A link that lets others in; empty if this node may not make one, or has none yet. */
  readonly invite: string;
  readonly inviteWarning: string | undefined;
  readonly lanOnly: boolean;
  readonly share: { readonly options: ShareOptions; readonly paused: string | undefined } | false;
  readonly servingModels: RoomState["servingModels"];
  readonly answeredToday: number;
  readonly holding: RoomState["holding"];
  readonly layersWanted: RoomState["layersWanted"];
  /** Dids whose keys are on this device. */
  readonly keys: readonly string[];
  /** This node's own standing; undefined while it is not inside. */
  readonly standing: Standing | undefined;
}

export function roomState(session: RoomSession, around: Around): RoomState {
  const { membership, charter, phase, inside } = session;
  const { invite, inviteWarning, lanOnly, share, standing, keys } = around;
  const founder = standing?.founder ?? false;
  const where: MembershipState = phase === "inside" ? { kind: "member", founder } : { kind: phase };
  return {
    id: session.roomId,
    name: session.name,
    invite,
    inviteWarning,
    membership: where,
    charter: membership && charter && charterState(charter, membership.genesis),
    epoch: membership?.epochs.head.n ?? 0,
    mayInvite: charter?.terms.invites === "members" || founder,
    knocks: (inside?.door.knocks ?? []).map(({ did, name, device, house }) => ({ did, name, device, house })),
    proposals: (inside?.governance.proposals ?? []).map((proposal) => proposalState(proposal, session, keys)),
    signaling: session.signaling,
    lanOnly,
    peers: session.peers.map(peerState),
    share,
    serving: inside?.serving ?? 0,
    servingModels: around.servingModels,
    answeredToday: around.answeredToday,
    holding: around.holding,
    layersWanted: around.layersWanted,
  };
}

/** The part of the room that a guest is shown. */
export function roomPreview({ genesis, charter, inside, heardAt, isConfirmed }: Welcome): RoomPreview {
  const { roomId } = genesis;
  return { roomId, foundersHeardAt: heardAt, isConfirmed, charter: charterState(charter, genesis), inside };
}

function charterState(
  { terms, version, hash }: Charter,
  { founders, quorum }: { founders: readonly string[]; quorum: number },
): CharterState {
  return { ...termsState(terms), version, hash: toHex(hash), founders, quorum };
}

function termsState({ limits, ...terms }: Charter["terms"]): CharterTerms {
  return {
    ...terms,
    limits: {
      jobsAtOnce: limits.jobsAtOnce,
      tokensPerAnswer: limits.tokensPerAnswer,
      answersPerHour: limits.answersPerHour,
      people: limits.people,
    },
  };
}

function proposalState(
  { id, terms, removed, signers }: ProposalInfo,
  { membership, peers, charter }: RoomSession,
  keys: readonly string[],
): Proposal {
  const names = removed.map((did) => peers.find((peer) => peer.id === did)?.name ?? did);
  const text = terms
    ? `Change the rules: ${changed(terms, charter?.terms).join(", ")}.`
    : `Remove ${names.join(" and ")} from the room.`;
  const { founders = [], quorum = 1 } = membership?.genesis ?? {};
  const mine = keys.some((did) => founders.some((founder) => founder === did && !signers.includes(founder)));
  return { id, text, terms: terms && termsState(terms), signed: signers, needed: quorum, mine };
}

/** The rules that differ, by their names for people. */
function changed(next: Charter["terms"], now: Charter["terms"] | undefined): string[] {
  const names: Readonly<Record<Exclude<keyof CharterTerms, "provenFrom" | "countedFrom">, string>> = {
    name: "the name",
    purpose: "what the room is for",
    admission: "who may enter",
    invites: "who may invite",
    servers: "the signaling servers",
    models: "the models",
    limits: "the limits",
    contribution: "whether members are expected to share",
    endpoints: "remote endpoints",
    federation: "passing work on to other rooms",
    logs: "what is logged",
  };
  const keys = Object.keys(names) as (keyof typeof names)[];
  return keys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(now?.[key])).map((key) => names[key]);
}

function peerState(peer: RoomSession["peers"][number]): PeerState {
  const heartbeat = peer.heartbeat;
  const { load } = heartbeat ?? {};
  return {
    id: peer.id,
    did: peer.id,
    name: peer.name,
    house: peer.standing.house,
    founder: peer.standing.founder,
    admittedBy: peer.standing.admittedBy,
    admittedAt: peer.standing.admittedAt,
    device: heartbeat?.device ?? "",
    gpu: heartbeat?.gpu ?? "",
    rttMs: peer.rttMs === undefined ? undefined : Math.round(10 * peer.rttMs) / 10,
    offers: peer.models(),
    load: {
      running: load?.running ?? 0,
      queued: load?.queued ?? 0,
      tokenRate: load?.tokenRate ?? 0,
      visible: load?.visible ?? true,
      battery: load?.battery,
    },
    sharing: heartbeat?.sharing ?? false,
    layersBytes: heartbeat?.layersBytes ?? 0,
  };
}
