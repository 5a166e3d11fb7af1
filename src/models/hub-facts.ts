/** Asks a model hub for the files of a repository, their sizes and the licence. */
import * as v from "valibot";
import { MicrogridError, quoted } from "../core";
import type { HubOrigin } from "./entry";
import { filesAddress, listingAddresses } from "./hub-address";
import { isGguf, ggufParts } from "./gguf-files";
import { readConfigFacts, readGenAiFacts } from "./model-facts";
import type { ListedFile, ModelFacts } from "./records";
import { hostOf, readJson } from "./web";

const hubListing = v.object({
  siblings: v.array(
    v.object({
      rfilename: v.string(),
      size: v.nullish(v.number()),
      lfs: v.nullish(v.object({ sha256: v.optional(v.string()), size: v.optional(v.number()) })),
    }),
  ),
  cardData: v.fallback(
    v.nullish(
      v.object({ license: v.nullish(v.union([v.string(), v.array(v.string())])), license_name: v.nullish(v.string()) }),
    ),
    undefined,
  ),
});

/** The `license` of a card that states its licence by name only. */
const OTHER_LICENCE = "other";

/** Asks for the facts. Throws `unknown-model`, `not-a-model`, `network`. */
export async function hubFacts(hub: string, origin: HubOrigin, signal: AbortSignal): Promise<ModelFacts> {
  const { repository, within = "" } = origin;
  const listing = await readListing(hub, origin, signal);
  const all = listing.siblings.map(({ rfilename, size, lfs }) => ({
    path: rfilename,
    bytes: size ?? lfs?.size,
    sha256: lfs?.sha256,
  }));
  const parts = isGguf(within) ? ggufParts(within) : [];
  const files = isGguf(within)
    ? all.filter(({ path }) => parts.includes(path))
    : all.filter(({ path }) => !path.endsWith(".onnx") || path.startsWith(within));
  if (within !== "" && !all.some(({ path }) => path.startsWith(within))) {
    throw new MicrogridError(
      "file-missing",
      `${repository} has no ${within}${origin.revision === undefined ? "" : ` in the version ${quoted(origin.revision)}`}. Check the address.`,
    );
  }
  const facts = await configFacts(filesAddress(hub, origin), files, signal);
  return {
    files,
    contextLength: facts?.contextLength,
    ...(facts?.embeds && { embeds: true }),
    licence: licenceOf(listing.cardData),
    ...(facts?.variants && { variants: facts.variants }),
  };
}

async function readListing(
  hub: string,
  { repository, revision, kind }: HubOrigin,
  signal: AbortSignal,
): Promise<v.InferOutput<typeof hubListing>> {
  const { own, main } = listingAddresses(hub, { kind, repository, revision });
  const listing = await readJson(own, hubListing, repository, signal);
  if (listing) return listing;
  const exists = own !== main && (await readJson(main, hubListing, repository, signal)) !== undefined;
  throw new MicrogridError(
    "unknown-model",
    exists
      ? `${repository} has no branch or version ${quoted(revision ?? "")}. Check the address, or leave the version out.`
      : `${hostOf(hub)} has no model named ${repository}. Check the spelling: it is "owner/name".`,
  );
}

/** Reads the configuration that is nearest to the top of the repository. */
async function configFacts(
  base: string,
  files: readonly ListedFile[],
  signal: AbortSignal,
): ReturnType<typeof readConfigFacts> {
  const nearest = (name: string): string | undefined =>
    files
      .map(({ path }) => path)
      .filter((path) => path === name || path.endsWith(`/${name}`))
      .sort((a, b) => a.split("/").length - b.split("/").length)[0];
  const address = (path: string): string => new URL(path.split("/").map(encodeURIComponent).join("/"), base).href;
  const config = nearest("config.json");
  if (config !== undefined) return readConfigFacts(address(config), signal);
  const genAi = nearest("genai_config.json");
  return genAi === undefined ? undefined : readGenAiFacts(address(genAi), signal);
}

function licenceOf(card: v.InferOutput<typeof hubListing>["cardData"]): string | undefined {
  const [first] = [card?.license ?? []].flat();
  return (first === OTHER_LICENCE ? card?.license_name : first) ?? first;
}
