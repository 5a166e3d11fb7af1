/** The switch that allows only connections through a TURN server, so that peers do not learn this device's address. */
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  ask,
  expect,
  expectPeers,
  gridReady,
  joinRoom,
  loadModel,
  type NetworkPath,
  openRoom,
  type SitePage,
  stateOf,
  test,
  withoutModel,
} from "./harness";
import { keepConnections } from "./harness/connections";
import { SignalingLines } from "./harness/sockets";

const GREETING = golden.items[0]!;

/** The candidate types of both ends of every pair that a page's connections have selected. */
const selectedPairs = ({ page }: SitePage): Promise<string[]> =>
  page.evaluate(async () => {
    const { made } = window as unknown as { made: RTCPeerConnection[] };
    const live = made.filter(({ connectionState }) => connectionState === "connected");
    const reports = await Promise.all(live.map((connection) => connection.getStats()));
    return reports.flatMap((report) => {
      const all = new Map([...report.entries()] as [string, Record<string, string>][]);
      const transports = [...all.values()].filter(({ type }) => type === "transport");
      return transports.map(({ selectedCandidatePairId }) => {
        const pair = all.get(selectedCandidatePairId ?? "");
        const kind = (id: string | undefined) => all.get(id ?? "")?.candidateType;
        return `${kind(pair?.localCandidateId)} to ${kind(pair?.remoteCandidateId)}`;
      });
    });
  });

/** Every candidate that a page has sent to the signaling server, in any message. */
const candidatesOf = ({ sent }: SignalingLines): string[] =>
  sent.flatMap((text) => [...text.matchAll(/candidate:[^"\\]+/g)].map(([found]) => found));

test("with relay only, both ends of every connection are relayed, and no address of the device is sent", async ({
  openSite,
  turn,
}) => {
  const open = async (name: string, path: NetworkPath) => {
    let lines: SignalingLines | undefined;
    const site = await openSite({
      name,
      prepare: async (page) => {
        lines = new SignalingLines(page);
        await page.page.addInitScript(keepConnections);
      },
    });
    await gridReady(site);
    // Set as a user would; the site itself has no ICE server.
    const { iceServers } = path.config;
    await site.page.evaluate(
      (servers) => window.microgrid!.setNetwork({ iceServers: servers, relayOnly: true }),
      iceServers as RTCIceServer[],
    );
    expect((await stateOf(site)).network).toMatchObject({ relayOnly: true, iceServers });
    return { site, lines: lines! };
  };
  const anna = await open("anna", await turn.connect());
  await loadModel(anna.site);
  const invite = await openRoom(anna.site);
  const ben = await open("ben", await turn.connect());
  await withoutModel(ben.site);
  await joinRoom(ben.site, invite);
  await expectPeers(ben.site, 1, 1);
  expect((await ask(ben.site, GREETING.messages[0]!.content)).text).toBe(GREETING.completion);
  for (const { site, lines } of [anna, ben]) {
    const pairs = await selectedPairs(site);
    expect(pairs.length).toBeGreaterThan(0);
    expect(new Set(pairs)).toEqual(new Set(["relay to relay"]));
    const candidates = candidatesOf(lines);
    expect(candidates.length).toBeGreaterThan(0);
    for (const candidate of candidates) expect(candidate).toMatch(/ typ relay raddr 0\.0\.0\.0 rport 0 /);
  }
});
