import type { Page } from "playwright-core";
import { axeProblems, type OpenOptions, type World } from "./world.ts";

/*
 * A journey over several pages of one tab, and what is asked of the server beside it.
 */

export interface Asked {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it compares
  readonly body: any;
}

/** `POST workflows/dapr/buy/start?instanceID=buy-1` */
export async function ask(
  { origin }: World,
  what: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const [method = "GET", path = ""] = what.split(" ");
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(`${origin}/v1.0/${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Asks until it is so. */
export async function until(world: World, what: string, fits: (asked: Asked) => boolean): Promise<Asked> {
  const untilMs = Date.now() + 20_000;
  while (true) {
    const asked = await ask(world, what);
    if (fits(asked)) return asked;
    if (Date.now() > untilMs) throw new Error(`${what} stays ${JSON.stringify(asked)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** In a zone of its own, without anything that moves. */
export async function openPage(world: World, hash: string, options: OpenOptions = {}): Promise<Page> {
  const { page } = await world.open(hash, { timezoneId: "Europe/Berlin", reducedMotion: "reduce", ...options });
  await page.locator("main h1").first().waitFor();
  return page;
}

/** With this token in its tab. */
export function withToken(token: string): OpenOptions {
  return { before: (page) => page.addInitScript((given) => sessionStorage.setItem("dapr-api-token", given), token) };
}

export async function goTo(world: World, page: Page, hash: string): Promise<void> {
  await page.goto(`${world.origin}/ui/${hash}`);
  await page.locator("main h1").first().waitFor();
  await settled(page);
}

/** Once nothing is on its way any more that the page was opened with. */
export async function settled(page: Page): Promise<void> {
  await page.locator(".loading").first().waitFor({ state: "detached" });
}

/** What is wrong with a page for somebody: what axe finds, and what reaches beyond the screen. */
export async function faultsOf(page: Page): Promise<string[]> {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  const beyond = (wide ?? 0) > (window ?? 0) ? [`is ${wide} px wide`] : [];
  return [...(await axeProblems(page)), ...beyond];
}
