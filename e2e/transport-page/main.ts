/** A bare page for the acceptance suite of transports, over PeerJS and real WebRTC. */
import { openPeerJsTransport } from "../../src/wire";
import { CONNECTIONS } from "../../src/wire/testing/transports/connections";
import { LINKS, welcomeAll } from "../../src/wire/testing/transports/links";
import { RTC } from "../bare-node";

const SCENARIOS = { ...CONNECTIONS, ...LINKS };

/** Functions that the test calls in the page. */
export interface TransportPage {
  readonly titles: readonly string[];
  /** Runs a scenario between two devices of this page; rejects when the transport fails it. */
  run(title: string, server: string): Promise<void>;
  /** Authenticates every link, and listens; gives the id. */
  welcome(server: string): Promise<string>;
}

declare global {
  interface Window {
    transports: TransportPage;
    /** Functions that the test provides: another page that welcomes every link, its death, and the server's. */
    openDoomed(): Promise<string>;
    killDoomed(): Promise<void>;
    endServer(): Promise<void>;
  }
}

window.transports = {
  titles: Object.keys(SCENARIOS),
  async run(title, url) {
    await SCENARIOS[title]!({
      near: await openPeerJsTransport({ url, rtc: RTC }),
      far: await openPeerJsTransport({ url, rtc: RTC }),
      doomed: async () => ({ id: await window.openDoomed(), kill: () => window.killDoomed() }),
      endServer: () => window.endServer(),
    });
  },
  welcome: async (url) => welcomeAll(await openPeerJsTransport({ url, rtc: RTC })),
};
