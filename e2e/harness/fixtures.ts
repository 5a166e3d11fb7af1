/** Playwright's `test`, with the site, its signaling server, visitors and networks as fixtures. */
import { test as base, type Browser, type BrowserContextOptions } from "@playwright/test";
import { barePages } from "./bare-pages";
import { Browsers, UNOPTIMIZED_FLAGS } from "./browsers";
import { Firefox, hasFirefox } from "./firefox";
import { Profile } from "./profile";
import { Problems, type Expected } from "./problems";
import { serveForeign, serveSite, type SiteConfig, type SiteServer, type WebServer } from "./servers";
import { Signaling } from "./signaling";
import { SitePage } from "./site-page";
import { hasTurn, TurnNetwork, type NetworkPath } from "./turn";

/** How a visitor comes to the site. */
export interface OpenOptions {
  /** The whole URL instead of the site's own, such as an invite or another site's page. */
  readonly url?: string;
  /** Added to the site's URL, such as `#/settings`. */
  readonly path?: string;
  /** Software WebGPU; none by default, which makes the page compute on WASM. */
  readonly webgpu?: boolean;
  /** Lets the site's Service Worker in; none by default, since it takes time and hides requests from `route`. */
  readonly siteWorker?: boolean;
  /** Gives the page its own browser process, which `kill` and `freeze` need; costs about a second. */
  readonly ownProcess?: boolean;
  /** A route through the `turn` network instead of the machine's loopback. */
  readonly network?: NetworkPath;
  /** For messages and reports. */
  readonly name?: string;
  /** Console errors and exceptions that the test expects. */
  readonly expectProblems?: readonly Expected[];
  /** Window size, colour scheme, permissions and so on. */
  readonly context?: BrowserContextOptions;
  /** Called with the page before it loads anything, for `addInitScript` and `route`. */
  readonly prepare?: (page: SitePage) => Promise<void>;
}

/** Opens the site as one more visitor. */
export type OpenSite = (options?: OpenOptions) => Promise<SitePage>;

interface TestFixtures {
  /** A signaling server for this test alone. */
  readonly signaling: Signaling;
  /** The deploy-time file of this test's site; change it before opening pages. */
  readonly siteConfig: { -readonly [Key in keyof SiteConfig]: SiteConfig[Key] };
  /** The built site on an origin for this test alone. */
  readonly site: SiteServer;
  /** Opens the site as one more visitor. Unexpected problems fail the test at its end. */
  readonly openSite: OpenSite;
  /** A browser with a profile on the disk, which can be closed and opened again. Service Workers are let in. */
  readonly profile: Profile;
  /** Opens a page in stock Firefox; the test is skipped if Firefox is not installed. */
  readonly openFirefox: (url: string) => Promise<Firefox>;
  /** Serves pages as another site would: other origin, no isolation headers. */
  readonly foreignSite: (pages: Readonly<Record<string, string>>) => Promise<WebServer>;
  /** A TURN server behind bad networks; the test is skipped if coturn is not installed. */
  readonly turn: TurnNetwork;
}

interface WorkerFixtures {
  readonly browsers: Browsers;
  /** For Playwright's own `page`: the shared browser with WebGPU. */
  readonly browser: Browser;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  browsers: [
    // Playwright reads from this pattern which fixtures are needed.
    async ({}, use) => {
      const browsers = new Browsers(UNOPTIMIZED_FLAGS);
      await use(browsers);
      await browsers.close();
    },
    { scope: "worker" },
  ],

  browser: [async ({ browsers }, use) => use(await browsers.shared({ webgpu: true })), { scope: "worker" }],

  signaling: async ({}, use) => {
    const signaling = await Signaling.start();
    await use(signaling);
    await signaling.kill();
  },

  siteConfig: async ({ signaling }, use) => {
    await use({
      signaling: [{ port: signaling.port, path: "/microgrid" }],
      iceServers: [],
      // No test may depend on somebody else's server; this port is closed.
      hub: "http://127.0.0.1:9",
    });
  },

  site: async ({ siteConfig }, use) => {
    const site = await serveSite(() => siteConfig, barePages);
    await use(site);
    await site.close();
  },

  openSite: async ({ browsers, site, siteConfig }, use) => {
    const opened: SitePage[] = [];
    const problems: Problems[] = [];
    await use(async (options = {}) => {
      const name = options.name ?? `page ${opened.length + 1}`;
      const own = options.ownProcess ? await browsers.own({ webgpu: options.webgpu ?? false }) : undefined;
      const browser = own?.browser ?? (await browsers.shared({ webgpu: options.webgpu ?? false }));
      const context = await browser.newContext({
        // No test waits for an animation, and drawing them takes a tenth of a page's time.
        reducedMotion: "reduce",
        serviceWorkers: options.siteWorker ? "allow" : "block",
        ...options.context,
      });
      const found = new Problems(options.expectProblems ?? []);
      problems.push(found);
      const page = await context.newPage();
      found.watch(page, name);
      const sitePage = new SitePage({ page, context, own, problems: found, name });
      opened.push(sitePage);
      const path = options.network;
      if (path) {
        const json = { ...siteConfig, ...path.config };
        await context.route("**/microgrid.config.json", (route) => route.fulfill({ json }));
      }
      await options.prepare?.(sitePage);
      await page.goto(options.url ?? site.url + (options.path ?? ""));
      return sitePage;
    });
    await Promise.all(opened.map((page) => page.dispose()));
    failOn(problems.flatMap((each) => each.unexpected()));
  },

  profile: async ({ browsers }, use) => {
    const profile = await Profile.create(browsers);
    await use(profile);
    await profile.remove();
    failOn(profile.problems.unexpected());
  },

  openFirefox: async ({}, use, testInfo) => {
    testInfo.skip(!hasFirefox(), "Firefox is not installed");
    const opened: Firefox[] = [];
    await use(async (url) => {
      const firefox = await Firefox.open(url);
      opened.push(firefox);
      return firefox;
    });
    await Promise.all(opened.map((firefox) => firefox.close()));
  },

  foreignSite: async ({}, use) => {
    const servers: WebServer[] = [];
    await use(async (pages) => {
      const server = await serveForeign(pages);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.close()));
  },

  turn: async ({}, use, testInfo) => {
    testInfo.skip(!hasTurn(), "coturn is not installed");
    const turn = await TurnNetwork.start();
    await use(turn);
    await turn.close();
  },
});

function failOn(unexpected: readonly string[]): void {
  if (unexpected.length > 0) throw new Error(`Problems in pages that no test expected:\n${unexpected.join("\n")}`);
}
