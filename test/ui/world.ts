import { join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { Api, bundle, processTree, ROOT, type Server, serve, until } from "../node/e2e/server.ts";
import { type Front, openFront } from "./front.ts";

/*
 * A browser, the built dashboard and a Worker behind it. Whatever a page logs as an error, throws, or asks of another host fails the test that has opened it.
 */

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface World {
  readonly origin: string;
  readonly api: Api;
  readonly front: Front;
  /** A page of a browser context of its own; `hash` begins with `#`. */
  open(hash: string, options?: OpenOptions): Promise<Opened>;
  /** SIGKILL to the server's workerd. Comes back when another one, which Miniflare puts in its place, serves the same objects. */
  kill(): Promise<void>;
  /** What pages have done that none should, and forgets it. */
  troubles(): string[];
  close(): Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  /** Before the page is asked for: routes, clocks. */
  readonly before?: (page: Page) => Promise<unknown>;
}

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
}

export async function openWorld(
  variables: Readonly<Record<string, string>> = {},
  worker = "worker.js",
): Promise<World> {
  const { buildDashboard } = (await import(join(ROOT, "scripts/dashboard.mjs"))) as {
    buildDashboard: () => Promise<boolean>;
  };
  await buildDashboard();
  let restarts = 0;
  const onRestart = () => restarts++;
  const server: Server = await serve(await bundle(join(ROOT, "test/ui", worker)), { variables, onRestart });
  const front = await openFront(() => server.port);
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });
  let troubles: string[] = [];
  return {
    origin: front.origin,
    api: new Api(front.origin),
    front,
    async kill() {
      const before = restarts;
      const killed = (await processTree(process.pid)).filter(({ name }) => name === "workerd");
      expect(killed.length).toBeGreaterThan(0);
      for (const { pid } of killed) process.kill(pid, "SIGKILL");
      const answers = () =>
        fetch(`${front.origin}/v1.0/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until("another workerd that answers", async () => restarts > before && (await answers()));
    },
    troubles: () => {
      const found = troubles;
      troubles = [];
      return found;
    },
    async open(hash, { before, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.on("console", (message) => {
        // A lost connection is told by the browser itself; the page tells of it, too, and is looked at for that.
        const isNetwork = /net::ERR_|Failed to load resource/.test(message.text());
        if (message.type() === "error" && !isNetwork) troubles.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => troubles.push(`thrown: ${error.stack ?? error.message}`));
      page.on("dialog", (dialog) => {
        troubles.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol !== "blob:" && url.origin !== front.origin) troubles.push(`asks another host: ${url}`);
      });
      await before?.(page);
      await page.goto(`${front.origin}/ui/${hash}`);
      return { page, context };
    },
    async close() {
      await browser.close();
      await front.close();
      await server.close();
    },
  };
}

/** As Debian installs it. */
function chromiumPath(): string {
  return process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
}

/** What axe finds wrong, each with the elements that it is about. */
export async function axeProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
  return violations;
}

export const SIZES = [
  { width: 320, height: 800 },
  { width: 1280, height: 900 },
] as const;
export const SCHEMES = ["light", "dark"] as const;

/** Nothing is wider than the window: what is, scrolls in a box of its own. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(wide).toBeLessThanOrEqual(window ?? 0);
}
