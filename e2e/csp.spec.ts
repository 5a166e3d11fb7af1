/** Text from others never becomes markup. If it did, the Content-Security-Policy would keep it from running. */
import { expect, shot, test, type SitePage } from "./harness";
import { HEADER_POLICY, META_POLICY } from "../scripts/serve/csp.mjs";
import { ChatPage } from "./pages";

/** Runs wherever it becomes markup. It has at most 40 characters, the limit of names. */
const NASTY = "<img src=x onerror=window.pwned=1>";
const NASTY_SCRIPT = "<script>window.pwned=1</script>";
const NASTY_ANSWER = [
  `${NASTY_SCRIPT}${NASTY}<svg onload='window.pwned=1'></svg><style>* { display: none }</style>`,
  "![pixel](https://tracker.example/pixel.png) [click](javascript:window.pwned=1) [data](data:text/html,<b>x</b>)",
  "<a href='javascript:window.pwned=1'>raw</a> <iframe src='https://tracker.example/'></iframe>",
  "<object data='https://tracker.example/'></object><base href='https://tracker.example/'>",
  "**the end**",
].join("\n\n");

/** A page whose model has a malicious name and gives a malicious answer, over the real protocol. */
async function nastyPeer({ context }: Pick<SitePage, "context">): Promise<void> {
  const model = { from: /name:([`"'])Guide[^`"']*\1/g, to: `name:${JSON.stringify(NASTY)}` };
  await context.route("**/assets/{grid,gpu}-*.js", async (route) => {
    const response = await route.fetch();
    const { "content-encoding": _, ...headers } = response.headers();
    const script = (await response.text()).replace(model.from, () => model.to);
    const lies = route.request().url().includes("/gpu-")
      ? `(${answerWith.toString()})(${JSON.stringify(NASTY_ANSWER)});`
      : "";
    await route.fulfill({ status: response.status(), headers, body: `${lies}\n${script}` });
  });
}

/** Runs in the engine's worker: the first token of each answer becomes `text`, the others become empty. */
function answerWith(text: string): void {
  const post = MessagePort.prototype.postMessage as (this: MessagePort, ...args: unknown[]) => void;
  let said = false;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
    const message = args[0] as { type?: string; items?: readonly { type: string; text?: string }[] } | undefined;
    if (message?.type === "items" && message.items) {
      const items = message.items.map((event) => {
        if (event.type !== "token") return event;
        const words = said ? "" : text;
        said = true;
        return { ...event, text: words };
      });
      args[0] = { ...message, items };
    }
    post.apply(this, args);
  };
}

async function isPwned({ page }: SitePage): Promise<boolean> {
  return page.evaluate(() => "pwned" in window);
}

test("scripts in a name, a room's name, a model's name and an answer do not run", async ({ openSite }) => {
  const mallory = await openSite({ name: "mallory", prepare: nastyPeer });
  const theirs = new ChatPage(mallory.page);
  await theirs.ready();
  // The model's name, in the header and in the list.
  await expect(theirs.model).toHaveAccessibleName(`Model: ${NASTY}, WASM (CPU)`);
  await theirs.models.open();
  await expect(theirs.models.row(NASTY)).toBeVisible();
  await theirs.models.close();
  await mallory.page.evaluate((name) => window.microgrid!.identity.rename(name), NASTY_SCRIPT);
  const invite = await theirs.room.create(NASTY);
  await theirs.room.share(true);

  const asked: string[] = [];
  const ben = await openSite({ name: "ben", url: invite });
  ben.page.on("request", (request) => asked.push(request.url()));
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText(NASTY);
  await bens.room.join("Ben");
  await bens.room.open();
  await expect(bens.room.members).toHaveCount(2);
  await expect(bens.room.member(NASTY_SCRIPT)).toBeVisible();
  await expect(bens.room.panel).toContainText(NASTY);

  await shot(ben, "nasty-names");
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.chat("What is the capital of Japan?");
  const shown = bens.answers.last().locator("mg-markdown .content");
  await expect(shown.getByText("the end")).toBeVisible();
  await expect(shown).toContainText(NASTY_SCRIPT);
  await expect(shown.locator("img, script, iframe, svg, style, object, base, [onerror], [onload]")).toHaveCount(0);
  const targets = await shown.locator("a[href]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(targets).toEqual(["https://tracker.example/pixel.png"]);
  await expect(bens.origin()).not.toContainText("On this device");
  await shot(ben, "nasty-answer");

  expect(await isPwned(ben)).toBe(false);
  expect(await isPwned(mallory)).toBe(false);
  expect(asked.filter((url) => url.includes("tracker.example"))).toEqual([]);
});

declare global {
  interface Window {
    /** The parts of an attack that ran, and the directives that stopped others. */
    attacked?: { readonly ran: string[]; readonly violated: string[] };
  }
}

/** Tries everything that an injection would, one by one. `window.attacked` shows the results. */
async function attack({ page }: SitePage): Promise<void> {
  return page.evaluate(async () => {
    const { ran, violated } = (window.attacked = { ran: [] as string[], violated: [] as string[] });
    document.addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
    Object.assign(window, { ran: (what: string) => ran.push(what) });
    const script = document.createElement("script");
    script.text = "ran('inline script')";
    const remote = document.createElement("script");
    remote.src = "https://tracker.example/evil.js";
    const base = document.createElement("base");
    base.href = "https://tracker.example/";
    document.head.append(script, remote, base);
    const host = document.createElement("div");
    host.innerHTML =
      "<img src='data:image/png,x' onerror=\"ran('event handler')\"><a href=\"javascript:ran('javascript: link')\">x</a>" +
      "<img src='https://tracker.example/pixel.png'><p style='color: red'>x</p><iframe src='https://tracker.example/'></iframe>" +
      "<iframe srcdoc=\"<script>parent.ran('srcdoc')</script>\"></iframe>";
    document.body.append(host);
    host.querySelector("a")?.click();
    if (document.baseURI.includes("tracker")) ran.push("base");
    if (getComputedStyle(host.querySelector("p")!).color === "rgb(255, 0, 0)") ran.push("style attribute");
    // Code that the test evaluates itself may use eval; code that runs later may not.
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        try {
          (eval as (code: string) => unknown)("ran('eval')");
        } catch {
          violated.push("eval");
        }
        resolve();
      });
    });
    const code = "data:text/javascript,ran('data module')";
    await import(code).catch(() => undefined);
  });
}

for (const place of ["header", "page"] as const) {
  test(`the policy in the ${place} alone stops an injection`, async ({ openSite, site }) => {
    const anna = await openSite({
      expectProblems: [/Content Security Policy|violates the|tracker\.example|EvalError/],
      prepare: async ({ context }) => {
        await context.route(site.url, async (route) => {
          const response = await route.fetch();
          const { "content-encoding": _, "content-security-policy": policy, ...headers } = response.headers();
          const body = await response.text();
          const meta = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body);
          expect(policy).toBe(HEADER_POLICY);
          expect(meta?.[1]?.replaceAll("&#39;", "'")).toBe(META_POLICY);
          await route.fulfill(
            place === "header"
              ? { headers: { ...headers, "content-security-policy": policy! }, body: body.replace(meta![0], "") }
              : { headers, body },
          );
        });
      },
    });
    const seen: string[] = [];
    anna.page.on("console", (message) => message.type() === "error" && seen.push(message.text()));
    await new ChatPage(anna.page).ready();
    await attack(anna);
    const violated = "base-uri eval frame-src img-src script-src script-src-attr script-src-elem style-src-attr";
    await expect
      .poll(() => anna.page.evaluate(() => [...new Set(window.attacked?.violated)].sort().join(" ")))
      .toBe(violated);
    expect(await anna.page.evaluate(() => window.attacked?.ran)).toEqual([]);
    // The harness takes errors on the console, such as violations, for failures of a test.
    for (const directive of ["script-src", "style-src", "img-src", "frame-src", "base-uri"]) {
      expect(seen.some((text) => text.includes("Content Security Policy") && text.includes(directive))).toBe(true);
    }
  });
}

test("workers can run WebAssembly, but no code from text", async ({ openSite }) => {
  const { page } = await openSite({ expectProblems: [/Content Security Policy/] });
  await new ChatPage(page).ready();
  const gpu = page.workers().find((worker) => worker.url().includes("/gpu-"));
  const result = await gpu?.evaluate(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          try {
            resolve(`it ran: ${String((eval as (code: string) => unknown)("1"))}`);
          } catch (error) {
            resolve((error as Error).name);
          }
        });
      }),
  );
  expect(result).toBe("EvalError");
});

test("the element works on a site with its own strict policy", async ({ openSite, foreignSite, site }) => {
  const host = new URL(site.url).origin;
  const policy = [
    "default-src 'none'",
    `script-src ${host} 'wasm-unsafe-eval'`,
    `worker-src ${host} blob:`,
    `connect-src ${host} http: ws:`,
  ].join("; ");
  const foreign = await foreignSite({
    "/": `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><title>Theirs</title>
      <script type="module" src="${site.url}embed/microgrid.js"></script><microgrid-chat></microgrid-chat>`,
  });
  // This site's policy does not allow the icon that browsers request by themselves.
  const anna = await openSite({ url: foreign.url, expectProblems: [/favicon/] });
  const element = anna.page.locator("microgrid-chat");
  await element.getByRole("textbox").fill("What is the capital of Japan?");
  await element.getByRole("textbox").press("Enter");
  await expect(element).toContainText("Tokyo");
});
