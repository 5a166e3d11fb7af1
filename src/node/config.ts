/** Reads the one deploy-time file, `microgrid.config.json`: the servers that a site uses by default. */
import * as v from "valibot";
import { MicrogridError } from "../core";
import { IceServersSchema, SignalingUrlSchema } from "./servers";

const Signaling = v.union(
  [
    v.strictObject({ url: SignalingUrlSchema }),
    v.strictObject({
      port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
      path: v.optional(v.string()),
    }),
  ],
  'A signaling server is either { "url": "https://…" } or { "port": 5181, "path": "/…" }.',
);
const ConfigFile = v.strictObject({
  signaling: v.optional(v.array(Signaling)),
  iceServers: v.optional(IceServersSchema),
  iceTransportPolicy: v.optional(v.picklist(["all", "relay"])),
  hub: v.optional(v.pipe(v.string(), v.url())),
});

/** The servers that a node uses; the user can replace each of them. */
export interface GridConfig {
  /** URLs of signaling servers. */
  readonly signaling: readonly string[];
  readonly rtc: RTCConfiguration;
  /** Base URL of the model hub. */
  readonly hub: string | undefined;
}

const FILE = "microgrid.config.json";
const NOTHING: GridConfig = { signaling: [], rtc: { iceServers: [] }, hub: undefined };

/** The file of a site, and the reason why it is not used. */
interface SiteConfig {
  readonly config: GridConfig;
  /** A sentence for the operator of the site; undefined if the file is fine or does not exist. */
  readonly problem: string | undefined;
}

/** Of a page without a site: servers are named in code, or there are none. */
export const NO_SITE: SiteConfig = { config: NOTHING, problem: undefined };

/**
 * Reads the file next to the page (or next to the embedded script). A server given only by its port is on the file's
 * host. Without a usable file no server is used, and rooms cannot be opened.
 */
export async function readConfig(baseUrl: string): Promise<SiteConfig> {
  const url = new URL(FILE, baseUrl);
  try {
    const response = await fetch(url);
    if (response.status === 404) return NO_SITE;
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return { config: resolveConfig(await response.json(), baseUrl), problem: undefined };
  } catch (error) {
    const problem = `The settings of this site (${FILE}) cannot be used: ${error instanceof Error ? error.message : String(error)}. Until its operator corrects them, the site has no servers, so rooms cannot be opened.`;
    return { config: NOTHING, problem };
  }
}

/** The configuration in a parsed file. Throws `bad-request`, which names the first mistake in the file. */
export function resolveConfig(file: unknown, baseUrl: string): GridConfig {
  const parsed = v.safeParse(ConfigFile, file, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new MicrogridError(
      "bad-request",
      `${v.getDotPath(issue) ?? "the file"}: ${issue.message.replace(/\.$/, "")}`,
    );
  }
  const { signaling = [], iceServers = [], iceTransportPolicy, hub } = parsed.output;
  const base = new URL(baseUrl);
  const rtc: RTCConfiguration = {
    iceServers,
    ...(iceTransportPolicy && { iceTransportPolicy }),
  };
  const urls = signaling.map((server) =>
    "url" in server ? server.url : `${base.protocol}//${base.hostname}:${server.port}${server.path ?? "/"}`,
  );
  return { signaling: urls, rtc, hub };
}
