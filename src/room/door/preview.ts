/** Looking at a room before entering it: its charter and who is inside, as a guest whom nobody knows. */
import type { MicrogridError } from "../../core";
import { type Revocations, makeEphemeralKey } from "../../identity";
import type { Transport } from "../../wire";
import type { Invite } from "../invite/invite";
import { readToken } from "../membership";
import { SignalingRegistration } from "../signaling/registration";
import { orderServers } from "../signaling/slots";
import { GuestSearch } from "./guest-search";
import type { Welcome } from "./guest-session";

interface PreviewOptions {
  readonly invite: Invite;
  readonly agent: string;
  openTransport(url: string): Promise<Transport>;
  /** The revocations that this node knows. */
  readonly revocations: Revocations;
  /** Called when no direct way leads to the members, or when a device at the door is no member; the look goes on. */
  onTrouble(error: MicrogridError): void;
  readonly signal: AbortSignal;
}

/** Waits until somebody of the room is there. Throws `peer-refused` where the invite does not open the door. */
export async function previewRoom(options: PreviewOptions): Promise<Welcome> {
  const { invite, agent, openTransport, revocations, onTrouble, signal } = options;
  const [signer, token] = await Promise.all([makeEphemeralKey(), readToken(invite.token.signed)]);
  const registration = new SignalingRegistration(await orderServers(invite.roomId, invite.servers), openTransport);
  await registration.start();
  const search = new GuestSearch(registration, { signer, agent, invite, token, revocations }, onTrouble);
  try {
    void search.start();
    const door = await search.nextDoor(signal);
    door.close();
    return door.welcome;
  } finally {
    search.close();
    registration.close();
  }
}
