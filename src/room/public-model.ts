/** The names by which a room knows models: those of the hub and of the catalog as they are, others without their place. */
import { sha256 } from "@noble/hashes/sha2.js";
import { putNewest, toHex, utf8 } from "../core";

/** Names that were worked out, by id. */
const names = new Map<string, string>();
const MAX_NAMES = 64;
/** As many digits as tell the models of a room apart, and name none of them to somebody who guesses. */
const DIGITS = 16;

/**
 * The id under which a model is offered and asked for in a room. Addresses and folders of a user stay out of it: an address may lead
 * into a private network or hold a key. Devices that have the same model from the same address give it the same id. The result's own
 * public id is the result.
 */
export function publicModel(id: string): string {
  if (!isPrivate(id)) return id;
  const known = names.get(id);
  if (known !== undefined) return known;
  const digits = toHex(sha256(utf8(id))).slice(0, DIGITS);
  const name = ["own", titleOf(id), digits].join("/");
  putNewest(names, id, name, MAX_NAMES);
  return name;
}

/** The name of an offered model, for people: the name of a folder on the user's disk is not told. */
export function publicTitle(id: string, name: string): string {
  return isFolder(id) ? "A model from a folder" : name;
}

/** Whether two ids mean one model, be they of this device or of a room. */
export function isSameModel(one: string, other: string): boolean {
  return one === other || publicModel(one) === publicModel(other);
}

/** Whether a charter allows a model. */
export function allowsModel({ models }: { readonly models: "any" | readonly string[] }, id: string): boolean {
  return models === "any" || models.some((model) => isSameModel(model, id));
}

const isFolder = (id: string): boolean => /^files\/.*\/[^/]+$/s.test(id);
const isPrivate = (id: string): boolean => id.includes("://") || isFolder(id);

/** The last part of an address's path, which is the name of its model. */
function titleOf(id: string): string {
  const path = isFolder(id) || !URL.canParse(id) ? "" : new URL(id).pathname;
  const parts = path.replace(/\/resolve\/.*$/, "").split("/");
  const last = parts.map((part) => part.replace(/[^\w.-]/g, "").slice(0, 60)).filter((part) => part !== "");
  return last.at(-1) ?? "model";
}
