/** Reads the one deploy-time file, `microgrid.config.json`: the servers that a site uses by default. */
import * as v from "valibot";

const IceServer = v.object({
  urls: v.union([v.string(), v.array(v.string())]),
  username: v.optional(v.string()),
  credential: v.optional(v.string()),
});
const Signaling = v.union([
  v.object({ url: v.pipe(v.string(), v.url()) }),
  v.object({ port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), path: v.optional(v.string()) }),
]);
const ConfigFile = v.object({
  signaling: v.optional(v.array(Signaling)),
  iceServers: v.optional(v.array(IceServer)),
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

const NOTHING: GridConfig = { signaling: [], rtc: { iceServers: [] }, hub: undefined };

/**
 * Reads the file next to the page (or next to the embedded script). A server given only by its port is on the file's
 * host. Without a readable file no server is used, and rooms cannot be opened.
 */
export async function readConfig(baseUrl: string): Promise<GridConfig> {
  try {
    const response = await fetch(new URL("microgrid.config.json", baseUrl));
    if (!response.ok) return NOTHING;
    return resolveConfig(await response.json(), baseUrl);
  } catch {
    return NOTHING;
  }
}

/** The configuration in a parsed file. Throws if the file does not match its schema. */
export function resolveConfig(file: unknown, baseUrl: string): GridConfig {
  const { signaling = [], iceServers = [], iceTransportPolicy, hub } = v.parse(ConfigFile, file);
  const base = new URL(baseUrl);
  const rtc: RTCConfiguration = {
    // JSON has no undefined, so absent fields stay absent.
    iceServers: iceServers.map((server) => ({ ...server })) as RTCIceServer[],
    ...(iceTransportPolicy && { iceTransportPolicy }),
  };
  const urls = signaling.map((server) =>
    "url" in server ? server.url : `${base.protocol}//${base.hostname}:${server.port}${server.path ?? "/"}`,
  );
  return { signaling: urls, rtc, hub };
}
