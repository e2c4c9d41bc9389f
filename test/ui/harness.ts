// A server as `npm start` starts it, and a Chromium in front of it that forgives nothing: an error in the console, one that is thrown, a dialog of the
// browser's, something that the policy refuses, or a request to another host fails the test that it happens in.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { freePort, type Running, run } from "../node/e2e/npm.ts";
import { ROOT, temporaryDirectory } from "../node/e2e/server.ts";

const START_MS = 60_000;
const SETTLE_MS = 20_000;
const POLL_MS = 50;

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface ServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Where its data lies. Default: a directory of its own, which goes with it. */
  readonly directory?: string;
  /** More flags of `npm start`. */
  readonly flags?: readonly string[];
  /** All that comes must have it. */
  readonly token?: string;
}

/** The samples of this repository, with an API for what a test needs to be there. */
export class UiServer {
  readonly origin: string;
  readonly port: number;
  readonly directory: string;
  readonly #process: Running;
  readonly #token: string | undefined;

  private constructor(port: number, directory: string, process: Running, token: string | undefined) {
    this.origin = `http://localhost:${port}`;
    this.port = port;
    this.directory = directory;
    this.#process = process;
    this.#token = token;
  }

  static async start({
    port,
    directory = temporaryDirectory(),
    flags = [],
    token,
  }: ServerOptions = {}): Promise<UiServer> {
    const chosen = port ?? (await freePort());
    mkdirSync(directory, { recursive: true });
    const secret = token === undefined ? [] : ["--var", `DAPR_API_TOKEN:${token}`];
    const args = ["scripts/start.mjs", "--port", String(chosen), "--persist-to", directory, "--log-level", "error"];
    const process_ = run(ROOT, process.execPath, [...args, ...secret, ...flags]);
    const server = new UiServer(chosen, directory, process_, token);
    const giveUpAt = Date.now() + START_MS;
    while (!(await server.#answers())) {
      if (process_.child.exitCode !== null || Date.now() > giveUpAt)
        throw new Error(`the server has not started:\n${process_.output()}`);
      await delay(POLL_MS);
    }
    return server;
  }

  /** Ends at once, as by a crash; the data stays. */
  async kill(): Promise<void> {
    this.#process.child.kill("SIGKILL");
    await this.#process.exitCode;
  }

  async stop(): Promise<void> {
    this.#process.child.kill("SIGTERM");
    await this.#process.exitCode;
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async start(workflow: string, id: string, input?: unknown, query = ""): Promise<void> {
    const body = input === undefined ? undefined : JSON.stringify(input);
    await this.ask("POST", `workflows/dapr/${workflow}/start?instanceID=${encodeURIComponent(id)}${query}`, body);
  }

  async raise(id: string, event: string, payload: unknown): Promise<void> {
    await this.ask("POST", `workflows/dapr/${encodeURIComponent(id)}/raiseEvent/${event}`, JSON.stringify(payload));
  }

  /** Until the list has them so: `{ "order-1": "COMPLETED" }`. */
  async settled(states: Readonly<Record<string, string>>): Promise<void> {
    await until(`the list has ${JSON.stringify(states)}`, async () => {
      const { workflows } = await this.ask<{ workflows: { instanceID: string; runtimeStatus: string }[] }>(
        "GET",
        "workflows/dapr?pageSize=1000",
      );
      const found = new Map(workflows.map((row) => [row.instanceID, row.runtimeStatus]));
      return Object.entries(states).every(([id, status]) => found.get(id) === status);
    });
  }

  /** Below `v1.0/`. */
  async ask<T = unknown>(method: string, path: string, body?: string): Promise<T> {
    const headers = this.#token === undefined ? {} : { "dapr-api-token": this.#token };
    const response = await fetch(`${this.origin}/v1.0/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.origin}/v1.0/healthz`, { signal: AbortSignal.timeout(2_000) })).status === 204;
    } catch {
      return false;
    }
  }
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + SETTLE_MS;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`expected that ${what}`);
    await delay(POLL_MS);
  }
}

let browser: Promise<Browser> | undefined;
/** `MAP evil.example 127.0.0.1` gives a foreign name to this machine. */
const RULES = "--host-resolver-rules=MAP evil.example 127.0.0.1";

function theBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
  browser ??= chromium.launch({ executablePath, args: [...ARGUMENTS, RULES] });
  return browser;
}

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

export interface VisitOptions extends BrowserContextOptions {
  /** What this test brings about in the console, for instance that the server answers 400. */
  readonly allowed?: RegExp;
  /** Before the page is asked for: routes, a clock, what the tab has stored. */
  readonly before?: (page: Page, context: BrowserContext) => Promise<unknown>;
}

/** Opens the page at `hash` (`#/list`), lets `journey` walk, and looks at what has happened meanwhile. */
export async function visit(
  server: UiServer,
  hash: string,
  journey: (page: Page, context: BrowserContext) => Promise<void>,
  { allowed, before, ...options }: VisitOptions = {},
): Promise<void> {
  const context = await (await theBrowser()).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const troubles: string[] = [];
  context.on("page", (page) => watchPage(page, server.origin, troubles));
  try {
    const page = await context.newPage();
    await before?.(page, context);
    await page.goto(`${server.origin}/ui/${hash}`);
    await journey(page, context);
    expect(troubles.filter((trouble) => allowed?.test(trouble) !== true)).toEqual([]);
  } finally {
    await context.close();
  }
}

function watchPage(page: Page, origin: string, troubles: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`thrown: ${error.stack ?? error.message}`));
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "blob:" && url.origin !== origin) troubles.push(`request to ${url}`);
  });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds, in words. It goes in through the debugger: the policy lets no script in otherwise. */
export async function axeProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    interface Violation {
      readonly id: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    interface Axe {
      run(what: Document, options: object): Promise<{ readonly violations: readonly Violation[] }>;
    }
    const { violations } = await (globalThis as unknown as { readonly axe: Axe }).axe.run(document, { runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  }, TAGS);
}

export const WIDTHS = [320, 1280] as const;
export const SCHEMES = ["light", "dark"] as const;

/** In px, how far the page is wider than the window: what is, scrolls in a box of its own. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

/** Pictures of the docs. They change with each run a little, and so are made only where they are asked for: SCREENSHOTS=1. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(ROOT, "test/ui/pictures", `${name}.png`) });
}
