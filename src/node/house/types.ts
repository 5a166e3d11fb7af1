/** The public data types of houses. */

/** A person or an organisation that vouches for a node with a verified signature. A node without one is unverified. */
export interface VerifiedHouse {
  readonly did: string;
  readonly name: string;
}

/** A node that a house vouches for, in the list of the device that signed the delegation. */
export interface DelegationState {
  /** The node that is vouched for. */
  readonly subject: string;
  /** The name that its owner gave it in the delegation. */
  readonly label: string;
  readonly scopes: readonly ("member" | "founder")[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly revoked: boolean;
}

/** The terms on which a house vouches for another node. */
export interface DelegationTerms {
  readonly label: string;
  readonly scopes: readonly ("member" | "founder")[];
  readonly notAfter: Date;
}

/** The house of this node. */
export interface HouseState extends VerifiedHouse {
  readonly scopes: readonly ("member" | "founder")[];
  /** When the house stops vouching for this node, in milliseconds since 1970. */
  readonly notAfter: number;
  /** Whether the key of the house is on this device, so that this device can sign for the house. */
  readonly keyHere: boolean;
  /** The nodes that this device has vouched for. */
  readonly delegations: readonly DelegationState[];
}
