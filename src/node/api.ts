/**
 * Everything that a tab can ask of the node, one interface for each capability. Calls reach the node from any tab
 * (`src/border/`), so arguments and results can be cloned, except for signals. A new verb is an edit here, in the
 * capability's implementation, and in the page's view (`src/grid/`).
 */
import type { DelegationTerms, HouseData } from "./house";
import type { LoadChoice } from "./models";
import type { NetworkPatch } from "./network";
import type { StatePatch } from "./state-store";
import * as v from "valibot";
import type { Bytes } from "../core";
import { BackendSchema, EmbeddingRequestSchema, EngineNameSchema } from "../inference";
import { FieldsArgument, TextArgument } from "./arguments";
import { PolicySchema, ShareOptionsSchema } from "./schemas";
import type {
  AnswerEvent,
  AnswerRequest,
  CharterOptions,
  CharterTerms,
  EmbedRequest,
  EmbedResult,
  InviteOptions,
  ModelInfo,
  PipelinePlan,
  PlanOptions,
  Policy,
  RoomPreview,
  ShareOptions,
} from "./types";

/** Every call that takes long can be aborted. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** The text that a member brings to a device by hand, and the id under which its answer is accepted. */
export interface ManualOffer {
  readonly id: string;
  readonly text: string;
}

/** Models of this device. */
interface ModelsApi {
  load(id: string, choice: LoadChoice, options: CallOptions): Promise<void>;
  unload(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  add(source: string | FileList | File[]): Promise<ModelInfo>;
}

/** Vectors of texts. */
interface EmbeddingsApi {
  /** Computes them here and in the room. Rejects as `LoadedModel.embed` does, and with `no-provider`. */
  create(request: EmbedRequest, options: CallOptions): Promise<EmbedResult>;
}

/** Ways into rooms. */
export interface RoomsApi {
  create(name: string, charter: CharterOptions): Promise<void>;
  preview(invite: string, options: CallOptions): Promise<RoomPreview>;
  join(invite: string): Promise<void>;
  enter(id: string): Promise<void>;
  forget(id: string): Promise<void>;
}

/** The room that the node is in. Every call throws `bad-request` outside of rooms. */
export interface RoomApi {
  /** Leaves; unless `now`, other nodes first take over the layers that are held here. */
  leave(now: boolean): Promise<void>;
  share(options: Partial<ShareOptions> | false): Promise<void>;
  declineLayers(): Promise<void>;
  makeInvite(options: InviteOptions): Promise<string>;
  answerKnock(did: string, admit: boolean): Promise<void>;
  remove(dids: readonly string[], keep: readonly string[]): Promise<void>;
  amend(changes: Partial<CharterTerms>): Promise<void>;
  endorse(proposal: string): Promise<void>;
  offerByHand(): Promise<ManualOffer>;
  acceptByHand(id: string, answer: string): Promise<void>;
  answerByHand(offer: string): Promise<string>;
}

/** Models that the node runs together with its room. */
export interface PipelinesApi {
  plan(model: string, wanted: PlanOptions, options: CallOptions): Promise<PipelinePlan>;
  /** Gives the pipeline's id. */
  open(plan: PipelinePlan, options: CallOptions): Promise<string>;
  close(id: string): Promise<void>;
}

/** The house that vouches for this node. */
interface HouseApi {
  /** Creates or restores a house: the asking tab has made or read the secret, so that it cannot be lost on the way. */
  take(name: string, secret: Bytes): Promise<void>;
  delegate(request: string, terms: DelegationTerms): Promise<string>;
  adopt(delegation: string): Promise<void>;
  revoke(subject: string): Promise<void>;
  forgetKey(): Promise<void>;
  leave(): Promise<void>;
  export(): Promise<HouseData>;
  import(data: HouseData): Promise<void>;
}

/** The user's choices. */
interface SettingsApi {
  setPolicy(patch: Partial<Policy>): Promise<void>;
  setNetwork(settings: NetworkPatch | undefined): Promise<void>;
  rename(name: string): Promise<void>;
  dismissNotice(id: string): Promise<void>;
}

/** The capabilities whose methods are calls. */
export interface Capabilities {
  readonly models: ModelsApi;
  readonly embeddings: EmbeddingsApi;
  readonly rooms: RoomsApi;
  readonly room: RoomApi;
  readonly pipelines: PipelinesApi;
  readonly house: HouseApi;
  readonly settings: SettingsApi;
}

/** The node, as every tab sees it. */
export interface NodeApi extends Capabilities {
  /** Streams an answer. Can be asked for again with what has been delivered (`Delivered`). */
  answer(request: AnswerRequest, options: CallOptions): AsyncIterable<AnswerEvent>;
  /** The whole state first, and then every change. Changes that a slow reader has not taken are merged. */
  watch(options: CallOptions): AsyncIterable<StatePatch>;
  /** Answers at once, unless the tab is frozen. */
  ping(): Promise<void>;
}

/** How one method is called. */
interface Verb {
  /** The schemas of the arguments. They check what a page may get wrong; the implementation checks the rest. */
  readonly takes: readonly v.GenericSchema[];
  /**
   * Whether it may be executed again when the tab that ran the node was lost in the middle of it: then the next node knows
   * nothing of the call, and nobody knows whether it was done. `false`: twice is not the same as once, so the caller is told.
   */
  readonly repeatable: boolean;
}

const again = (...takes: readonly v.GenericSchema[]): Verb => ({ takes, repeatable: true });
const once = (...takes: readonly v.GenericSchema[]): Verb => ({ takes, repeatable: false });

const Flag = v.boolean("true or false");
const Options = v.object({ signal: v.instance(AbortSignal, "an AbortSignal") }, "an object with a signal");
const Choice = v.object({ engine: v.optional(EngineNameSchema), backend: v.optional(BackendSchema) });
const Files = v.custom<FileList | File[]>((value) => typeof value === "object" && value !== null && "length" in value);
const Texts = v.array(TextArgument, "a list of texts");
const Plan = v.looseObject({ model: TextArgument, stages: v.array(FieldsArgument) }, "a plan of `pipelines.plan`");

/** How every method of every capability is called. */
export const VERBS: { readonly [C in keyof Capabilities]: { readonly [M in keyof Capabilities[C]]: Verb } } = {
  models: {
    load: again(TextArgument, Choice, Options),
    unload: again(TextArgument),
    remove: again(TextArgument),
    add: again(v.union([TextArgument, Files], "a hub name, an address or files")),
  },
  embeddings: { create: again(v.looseObject({ embedding: EmbeddingRequestSchema }), Options) },
  // Creating twice founds two rooms.
  rooms: {
    create: once(TextArgument, FieldsArgument),
    preview: again(TextArgument, Options),
    join: again(TextArgument),
    enter: again(TextArgument),
    forget: again(TextArgument),
  },
  room: {
    leave: again(Flag),
    share: again(v.union([v.literal(false), v.partial(ShareOptionsSchema)], "options, or false")),
    declineLayers: again(),
    // Two invites let in twice as many.
    makeInvite: once(
      v.looseObject({ uses: v.optional(v.number("a number")), endsAt: v.optional(v.date("a Date")) }, "an object"),
    ),
    answerKnock: again(TextArgument, Flag),
    remove: again(Texts, Texts),
    amend: again(FieldsArgument),
    endorse: again(TextArgument),
    offerByHand: again(),
    acceptByHand: again(TextArgument, TextArgument),
    answerByHand: again(TextArgument),
  },
  pipelines: {
    plan: again(TextArgument, FieldsArgument, Options),
    open: again(Plan, Options),
    close: again(TextArgument),
  },
  house: {
    take: again(TextArgument, v.instance(Uint8Array)),
    delegate: again(
      TextArgument,
      v.looseObject({ label: TextArgument, scopes: v.array(TextArgument), notAfter: v.date("a Date") }, "an object"),
    ),
    adopt: again(TextArgument),
    revoke: again(TextArgument),
    forgetKey: again(),
    leave: again(),
    export: again(),
    import: again(FieldsArgument),
  },
  settings: {
    setPolicy: again(v.partial(PolicySchema)),
    setNetwork: again(v.optional(FieldsArgument)),
    rename: again(TextArgument),
    dismissNotice: again(TextArgument),
  },
};
