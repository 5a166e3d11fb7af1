/** A made-up room for the development page and for tests: its people, rules and requests. */
import type { CharterState, HeldStage, Knock, LayersWish, PeerState, Proposal } from "../../grid";
import { fakeModels, guideOffer, largeModels } from "./model-fixtures";

/** Layers that this device holds for others. */
export const fakeHolding: readonly HeldStage[] = [
  { pipeline: "p", peer: "a", name: "Ada’s desktop", model: "gemma-3-12b-it", from: 3, to: 8, bytes: 1.2e9 },
];

/** Members that would like this device to hold layers. */
export const fakeWishes: readonly LayersWish[] = [{ peer: "a", name: "Ada’s desktop", model: largeModels[0]!.id }];

export const fakePeers: readonly PeerState[] = [
  {
    id: "a",
    did: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    name: "Ada’s desktop",
    house: { did: "did:key:z6MkwLtTsj8zzzUxJfPzMKoYbvjkHvVHPcRWEzBhYTCCgEvG", name: "Ada" },
    founder: true,
    admittedBy: [],
    admittedAt: undefined,
    device: "Chrome on Windows",
    gpu: "NVIDIA GeForce RTX 4070",
    rttMs: 4,
    offers: [{ ...guideOffer, model: fakeModels[4]!.id, name: fakeModels[4]!.name, decodeRate: 48 }],
    load: { running: 1, queued: 0, tokenRate: 48, visible: true, battery: undefined },
    sharing: true,
    layersBytes: 6e9,
  },
  {
    id: "b",
    did: "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    name: "Grace",
    house: undefined,
    founder: false,
    admittedBy: [],
    admittedAt: undefined,
    device: "Safari on iOS",
    gpu: "",
    rttMs: 38,
    offers: [],
    load: { running: 0, queued: 0, tokenRate: 0, visible: true, battery: 0.64 },
    sharing: false,
    layersBytes: 0,
  },
  {
    id: "c",
    did: "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    name: "Library kiosk 3",
    house: undefined,
    founder: false,
    admittedBy: [],
    admittedAt: undefined,
    device: "Chrome on Linux",
    gpu: "Intel Iris Xe",
    rttMs: undefined,
    offers: [guideOffer, { ...guideOffer, model: "gemma-3-12b-it", name: "Gemma 3 12B", decodeRate: 8.4, devices: 3 }],
    load: { running: 2, queued: 3, tokenRate: 12, visible: false, battery: undefined },
    sharing: true,
    layersBytes: 2.4e9,
  },
];

/** A name as a joker would choose it: markup, a line break, a character that turns the text around, and far too long. */
export const hostileName = `<img src=x onerror=alert(1)>\u202Egnp.\n${"Wide".repeat(20)}`;

/** The rules of a room that is open to everybody with an invite; tests change what they are about. */
export const openCharter: CharterState = {
  name: "Attic",
  purpose: "",
  admission: { kind: "invite" },
  invites: "members",
  servers: [],
  models: "any",
  limits: { jobsAtOnce: undefined, tokensPerAnswer: undefined, answersPerHour: undefined, people: 32 },
  contribution: "welcome",
  endpoints: false,
  federation: false,
  logs: "",
  version: 0,
  hash: "",
  founders: ["did:key:founder"],
  quorum: 1,
};

export const fakeCharter: CharterState = {
  name: "Physics lab",
  purpose: "Help with homework and lab reports, on the computers of the lab.",
  admission: { kind: "approval" },
  invites: "members",
  servers: ["https://signal.example.org/"],
  models: ["guide", fakeModels[4]!.id, ...largeModels.map(({ id }) => id)],
  limits: { jobsAtOnce: 2, tokensPerAnswer: 2048, answersPerHour: 60, people: 5 },
  contribution: "expected",
  endpoints: false,
  federation: false,
  logs: "",
  version: 1,
  hash: "4f0c1d9e5b7a2c3841aa0c1d9e5b7a2c3841aa0c1d9e5b7a2c3841aa0c1d9e5b",
  founders: [
    "did:key:z6MkwLtTsj8zzzUxJfPzMKoYbvjkHvVHPcRWEzBhYTCCgEvG",
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
  ],
  quorum: 2,
};

export const fakeKnocks: readonly Knock[] = [
  {
    did: "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf",
    name: "Marie’s tablet",
    device: "Firefox on Android",
    house: undefined,
  },
];

export const fakeProposals: readonly Proposal[] = [
  { id: "p1", text: "Remove “Library kiosk 2” from the room", terms: undefined, signed: ["a"], needed: 2, mine: true },
];
