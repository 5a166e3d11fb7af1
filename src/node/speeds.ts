/** The speeds of models as this device's own answers have measured them, kept between visits. */
import * as v from "valibot";
import { BackendSchema, type DeviceInfo, type ModelOffer, type Usage } from "../inference";
import { readKept, writeKept } from "./local-store";
import { blend, measured, ratesOf } from "./measured";
import type { ModelSpeed } from "./types";

const KEY = "microgrid.speeds";
/** Speeds that are remembered; those measured longest ago are forgotten. */
const MAX_SPEEDS = 100;

const rate = v.pipe(v.number(), v.finite(), v.minValue(Number.MIN_VALUE));
const Speed = v.object({
  model: v.string(),
  packageHash: v.string(),
  backend: BackendSchema,
  /** Which graphics card, or how many processor cores: a laptop may have two cards. */
  device: v.string(),
  average: rate,
  last: rate,
  prefill: v.optional(rate),
  /** Number of answers that were measured. */
  answers: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
type Speed = v.InferOutput<typeof Speed>;

/** Learns from answers, and gives a loaded model the rates of its earlier answers. The newest speed is the last one. */
export class ModelSpeeds {
  readonly #device: DeviceInfo;
  #speeds: readonly Speed[];

  constructor(device: DeviceInfo) {
    this.#device = device;
    const kept = readKept("local", KEY);
    this.#speeds = (Array.isArray(kept) ? kept : []).slice(-MAX_SPEEDS).flatMap((value: unknown) => {
      const { success, output } = v.safeParse(Speed, value);
      return success ? [output] : [];
    });
  }

  /** The speeds on this device's present hardware, for people. */
  get shown(): readonly ModelSpeed[] {
    return this.#speeds
      .filter(({ backend, device }) => device === this.#deviceOf(backend))
      .map(({ model, backend, average, last }) => ({ model, backend, average, last }));
  }

  /** The offer with the rates of its earlier answers, if there were any: they tell more than a check of a few tokens. */
  recall(offer: ModelOffer): ModelOffer {
    const known = this.#find(offer);
    if (!known) return offer;
    return { ...offer, decodeRate: known.average, prefillRate: known.prefill ?? offer.prefillRate };
  }

  /** Learns from an answer that was computed alone, and returns the offer with better rates. */
  learn(offer: ModelOffer, usage: Usage): ModelOffer {
    const { decode, prefill: read } = ratesOf(usage);
    // It was too short to tell.
    if (decode === undefined) return measured(offer, usage);
    const { model, packageHash, backend } = offer;
    const known = this.#find(offer);
    const answers = (known?.answers ?? 0) + 1;
    const average = known ? blend(known.average, decode, 1 / answers) : decode;
    const prefill = read === undefined ? known?.prefill : blend(known?.prefill, read, 1 / answers);
    const device = this.#deviceOf(backend);
    const speed: Speed = { model, packageHash, backend, device, average, last: decode, prefill, answers };
    this.#speeds = [...this.#speeds.filter((other) => other !== known), speed].slice(-MAX_SPEEDS);
    writeKept("local", KEY, this.#speeds);
    return this.recall(offer);
  }

  #find({ model, packageHash, backend }: ModelOffer): Speed | undefined {
    const device = this.#deviceOf(backend);
    return this.#speeds.find(
      (speed) =>
        speed.model === model &&
        speed.packageHash === packageHash &&
        speed.backend === backend &&
        speed.device === device,
    );
  }

  #deviceOf(backend: Speed["backend"]): string {
    const { webgpu, threads } = this.#device;
    if (backend === "wasm" || !webgpu) return `${threads} threads`;
    return [webgpu.vendor, webgpu.architecture, webgpu.description].filter(Boolean).join(" ");
  }
}
