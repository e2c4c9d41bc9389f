// [S22.6] What is around every page: the token, the role, addresses, keys, the policy, and what pages of others can do to it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeProblems, SCHEMES, sidewaysScroll, UiServer, until, visit, WIDTHS } from "./harness.ts";

const TOKEN = "a-secret-of-this-test-and-nobody-else";
const QUESTION = { question: "Tea?", timeoutSeconds: 3_600 };

let open: UiServer;
let guarded: UiServer;
beforeAll(async () => {
  // One after the other: each makes its bundle first.
  open = await UiServer.start();
  guarded = await UiServer.start({ token: TOKEN });
  await Promise.all([
    open.start("humanInteraction", "q-1", QUESTION),
    guarded.start("humanInteraction", "q-1", QUESTION),
  ]);
});
afterAll(() => Promise.all([open?.stop(), guarded?.stop()]));

const REFUSED = /status of 40[134]/;
const dialog = (page: Page) => page.getByRole("dialog", { name: "This server asks for a token" });
const row = (page: Page) => page.getByRole("link", { name: "q-1", exact: true });

async function enter(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.keyboard.press("Enter");
}

describe("[S22.6] The token", () => {
  it("[S22.6.1] is asked for once, with the server's words; a wrong one again; it goes into no address, cookie or lasting place", async () => {
    await visit(
      guarded,
      "#/list",
      async (page, context) => {
        await dialog(page).waitFor();
        await page.getByText("The server says: invalid api token").waitFor();
        expect(await page.getByText(/No instance/).count()).toBe(0);
        await enter(page, "wrong");
        await until(
          "it is asked for again",
          async () => (await page.getByLabel("Token", { exact: true }).inputValue()) === "",
        );
        await enter(page, TOKEN);
        await row(page).waitFor();
        expect(await page.locator(".role").innerText()).toBe("admin");
        await page.goto(`${guarded.origin}/ui/#/catalog`);
        await page.reload();
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect(await dialog(page).count()).toBe(0);
        expect(await context.cookies()).toEqual([]);
        const lasting = await page.evaluate(() => JSON.stringify([{ ...localStorage }, location.href, history.state]));
        expect(lasting).not.toContain(TOKEN);
      },
      { allowed: REFUSED },
    );
  });

  it("[S22.6.2] forgotten, it is asked for anew; one that was refused in the middle does not lose the page", async () => {
    let isExpired = false;
    await visit(
      guarded,
      "#/list",
      async (page) => {
        await row(page).waitFor();
        isExpired = true;
        await dialog(page).waitFor();
        isExpired = false;
        await row(page).waitFor();
        await enter(page, TOKEN);
        await dialog(page).waitFor({ state: "detached" });
        await page.getByText("live", { exact: true }).waitFor();
        await page.getByRole("button", { name: "More", exact: true }).click();
        await page.getByRole("menuitem", { name: "Forget the token" }).click();
        await dialog(page).waitFor();
        expect(await row(page).count()).toBe(0);
      },
      {
        allowed: REFUSED,
        before: async (page) => {
          await page.addInitScript((token) => {
            if (sessionStorage.getItem("seen") === null) sessionStorage.setItem("dapr-api-token", token);
            sessionStorage.setItem("seen", "yes");
          }, TOKEN);
          await page.route(/since=/, (route) =>
            isExpired ? route.fulfill({ status: 401, body: "invalid api token" }) : route.continue(),
          );
        },
      },
    );
  });

  it("[S22.6.3] who has none sees why there is nothing, is not asked on and on, and may enter one later", async () => {
    await visit(
      guarded,
      "#/list",
      async (page) => {
        await dialog(page).waitFor();
        await page.keyboard.press("Escape");
        await page.getByText("A token is needed: invalid api token").first().waitFor();
        expect(await page.getByText(/No instance/).count()).toBe(0);
        // What is asked every few seconds does not bring the dialog back.
        await page.getByRole("button", { name: "Enter a token" }).first().click();
        await dialog(page).waitFor();
      },
      { allowed: REFUSED },
    );
  });
});

describe("[S22.6] Roles", () => {
  it("[S22.6.4] what a viewer may not do is not offered: no start, no selection", async () => {
    await visit(
      open,
      "#/list",
      async (page) => {
        await row(page).waitFor();
        expect(await page.locator(".role").innerText()).toBe("viewer");
        expect(await page.getByRole("link", { name: "Start", exact: true }).count()).toBe(0);
        expect(await page.getByRole("checkbox").count()).toBe(0);
        await page.keyboard.press("n");
        await page.keyboard.press("j");
        await page.keyboard.press("x");
        expect(page.url()).toMatch(/#\/list$/);
        expect(await page.getByText("1 selected").count()).toBe(0);
      },
      {
        before: (page) =>
          page.route("**/v1.0/metadata", async (route) => {
            const metadata = await (await route.fetch()).json();
            await route.fulfill({ json: { ...metadata, extended: { callerName: "me", callerRole: "viewer" } } });
          }),
      },
    );
  });

  it("[S22.6.4.1] a token that is for some instances says for which, and is not offered what is about all", async () => {
    await visit(
      open,
      "#/list",
      async (page) => {
        await page.getByText("operator of q-*", { exact: true }).waitFor();
        const pages = await page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents();
        expect(pages).toEqual(["Overview", "Instances", "Failures", "Bulk jobs", "Workflows"]);
      },
      {
        before: (page) =>
          page.route("**/v1.0/metadata", async (route) => {
            const metadata = await (await route.fetch()).json();
            const extended = { callerName: "me", callerRole: "operator", callerPrefix: "q-" };
            await route.fulfill({ json: { ...metadata, extended } });
          }),
      },
    );
  });

  it("[S22.6.5] a page of another version than the server's says so", async () => {
    await visit(open, "#/list", (page) => page.getByText("and the server of 9.9.9").waitFor(), {
      before: (page) =>
        page.route("**/v1.0/metadata", async (route) => {
          const metadata = await (await route.fetch()).json();
          await route.fulfill({ json: { ...metadata, runtimeVersion: "9.9.9" } });
        }),
    });
  });
});

describe("[S22.1] Addresses", () => {
  it("[S22.1.1] the root leads a browser to it, and so does a link of another site", async () => {
    await visit(open, "#/", async (page) => {
      await page.goto(`${open.origin}/`);
      expect(page.url()).toBe(`${open.origin}/ui/`);
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    });
  });

  it("[S22.1.2] an ID with a sign of addresses in it makes one, and that address the ID", async () => {
    await open.start("childWorkflows", "family", ["Ada"]);
    await open.settled({ family: "COMPLETED" });
    await visit(open, "#/list", async (page) => {
      await page.getByRole("link", { name: "family:0001", exact: true }).click();
      await until("its address has it", () => page.url().endsWith("#/i/family%3A0001"));
      await until("it is that one", async () => (await page.title()).includes("family:0001"));
      await page.reload();
      await page.getByText("Completed").first().waitFor();
    });
  });

  it("[S22.1.3] an address that there is not says so, and leads on", async () => {
    await visit(open, "#/nowhere/at-all", async (page) => {
      await page.getByText("There is no such page").waitFor();
      await page.getByRole("link", { name: "To the overview" }).click();
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    });
  });

  it("[S22.1.3.1] a page whose file is gone, as after a deploy, is there once all is loaded anew", async () => {
    await visit(
      open,
      "#/list",
      async (page) => {
        await page.evaluate(() => document.body.setAttribute("data-old", ""));
        await page.getByRole("link", { name: "Failures" }).click();
        await page.getByText("This page could not be read.").waitFor();
        await page.unroute("**/failures-*.js");
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("heading", { name: "Failures", level: 1 }).waitFor();
        expect(await page.locator("body[data-old]").count()).toBe(0);
      },
      { allowed: REFUSED, before: (page) => page.route("**/failures-*.js", (route) => route.fulfill({ status: 404 })) },
    );
  });

  it("[S22.1.4] the API is found beside the page, under any path", async () => {
    const asked: string[] = [];
    await visit(
      open,
      "#/list",
      async (page) => {
        await page.goto(`${open.origin}/some/path/ui/#/list`);
        await row(page).waitFor();
        expect(asked.every((path) => path.startsWith("/some/path/v1.0/"))).toBe(true);
      },
      {
        before: (page) =>
          page.route("**/some/path/**", async (route) => {
            const { pathname, search } = new URL(route.request().url());
            if (pathname.includes("/v1.0/")) asked.push(pathname);
            await route.fulfill({
              response: await route.fetch({ url: `${open.origin}${pathname.replace("/some/path", "")}${search}` }),
            });
          }),
      },
    );
  });

  it("[S22.1.5] ?api= may name another path of the same origin, and no other origin", async () => {
    await visit(open, "#/list", async (page) => {
      await page.goto(`${open.origin}/ui/?api=https%3A%2F%2Fevil.example%2F#/list`);
      await row(page).waitFor();
    });
  });
});

describe("[S22.1] The policy", () => {
  it("[S22.1.6] text becomes no markup and no code, whoever tries; nothing of this is in the page itself", async () => {
    await visit(
      open,
      "#/list",
      async (page) => {
        await row(page).waitFor();
        const tried = await page.evaluate(() => {
          const attempts: Record<string, () => unknown> = {
            markup: () => {
              document.body.innerHTML = "<img src=x onerror=alert(1)>";
            },
            code: () => setTimeout("alert(1)"),
            policy: () =>
              (
                globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } }
              ).trustedTypes.createPolicy("mine", {}),
            script: () => {
              const script = document.createElement("script");
              script.textContent = "globalThis.ran = true";
              document.body.append(script);
              if (!("ran" in globalThis)) throw new TypeError("refused");
            },
          };
          return Object.entries(attempts).map(([name, attempt]) => {
            try {
              attempt();
              return `${name}: done`;
            } catch (error) {
              return `${name}: ${error instanceof Error ? error.name : error}`;
            }
          });
        });
        expect(tried).toEqual(
          ["markup: TypeError", "code: EvalError", "policy: TypeError", "script: TypeError"].map((text) =>
            expect.stringMatching(new RegExp(`^${text.split(":")[0]}: \\w*Error$`)),
          ),
        );
      },
      { allowed: /Trusted|Content Security Policy|Refused|violates/ },
    );
  });

  it("[S22.1.7] a page of another origin can neither read nor start anything, nor frame it; rebinding gets 401", async () => {
    const evil = createServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<!doctype html><title>evil</title>"),
    );
    await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
    const { port } = evil.address() as AddressInfo;
    const { executablePath } = { executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium" };
    const { chromium } = await import("playwright-core");
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--host-resolver-rules=MAP evil.example 127.0.0.1"],
    });
    try {
      const page = await browser.newPage();
      const start = `${open.origin}/v1.0/workflows/dapr/humanInteraction/start?instanceID=stolen`;
      for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://evil.example:${port}`]) {
        await page.goto(origin);
        const read = await page.evaluate(
          (url) =>
            fetch(`${url}/v1.0/workflows/dapr`).then(
              (response) => response.text(),
              () => "refused",
            ),
          open.origin,
        );
        await page.evaluate(
          (url) => fetch(url, { method: "POST", mode: "no-cors", body: "{}" }).catch(() => undefined),
          start,
        );
        expect([origin, read]).toEqual([origin, "refused"]);
        await page.evaluate((url) => {
          const frame = document.createElement("iframe");
          frame.src = `${url}/ui/`;
          document.body.append(frame);
          return new Promise((resolve) => {
            frame.onload = resolve;
          });
        }, open.origin);
        expect(page.frames().filter((frame) => frame.url().startsWith(open.origin))).toEqual([]);
      }
      // The attacker's own name for this server: its page may be loaded, and is told nothing.
      await page.goto(`http://evil.example:${open.port}/ui/`);
      const [read, started] = await page.evaluate(async () => {
        const list = await fetch("/v1.0/workflows/dapr");
        const post = await fetch("/v1.0/workflows/dapr/humanInteraction/start?instanceID=stolen", {
          method: "POST",
          body: "{}",
        });
        return [list.status, post.status];
      });
      expect([read, started]).toEqual([401, 401]);
      await expect(open.ask("GET", "workflows/dapr/stolen")).rejects.toThrow("404");
    } finally {
      await browser.close();
      evil.close();
    }
  });
});

describe("[S22.7] The shell for everybody", () => {
  for (const width of WIDTHS)
    for (const colorScheme of SCHEMES)
      it(`[S22.7.10] the shell at ${width} px, ${colorScheme}, with its help open: nothing for axe, nothing beyond the edge`, async () => {
        await visit(
          open,
          "#/",
          async (page) => {
            for (const hash of ["#/", "#/nowhere"]) {
              await page.goto(`${open.origin}/ui/${hash}`);
              await page.locator("main :is(h1, h2)").first().waitFor();
              await page.locator(".loading").first().waitFor({ state: "detached" });
              expect([hash, await axeProblems(page)]).toEqual([hash, []]);
              expect([hash, await sidewaysScroll(page)]).toEqual([hash, 0]);
            }
            await page.keyboard.press("?");
            await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
            expect(await axeProblems(page)).toEqual([]);
          },
          { viewport: { width, height: 800 }, colorScheme },
        );
      });

  it("[S22.7.11] a hidden tab asks nothing, and goes on when it is seen", async () => {
    let polls = 0;
    await visit(
      open,
      "#/list",
      async (page) => {
        await row(page).waitFor();
        await until("it asks", () => polls > 1);
        const hide = (isHidden: boolean) =>
          page.evaluate((hidden) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
          }, isHidden);
        await hide(true);
        const before = polls;
        // Twice the time between two of them.
        await page.clock.runFor(10_000);
        expect(polls - before).toBeLessThanOrEqual(1);
        await hide(false);
        await until("it asks again", () => polls > before + 1);
      },
      {
        before: async (page) => {
          await page.clock.install();
          await page.route(/since=/, (route) => {
            polls++;
            return route.continue();
          });
        },
      },
    );
  });
});
