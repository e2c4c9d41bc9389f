// [S22.2] The list of instances, in a browser.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UiServer, until, visit } from "./harness.ts";

const CAR = { itemName: "car", totalCost: 9_000, quantity: 1 };
const QUESTION = { question: "Tea?", timeoutSeconds: 3_600 };

let server: UiServer;
beforeAll(async () => {
  server = await UiServer.start();
  await server.start("humanInteraction", "q-1", QUESTION);
  await server.start("orderProcessingWorkflow", "order-1", { ...CAR, totalCost: 10 });
  await server.start("monitor", "broken-1", {});
  await server.settled({ "q-1": "RUNNING", "order-1": "COMPLETED", "broken-1": "FAILED" });
});
afterAll(() => server?.stop());

const ids = (page: Page) => page.locator(".row-link").allTextContents();
const shows = (page: Page, expected: readonly string[]) =>
  until(`the list shows ${expected}`, async () => (await ids(page)).join() === expected.join());
const rowOf = (page: Page, id: string) =>
  page.locator(".table-body-row").filter({ has: page.getByRole("link", { name: id, exact: true }) });
const ALL = ["broken-1", "order-1", "q-1"];

describe("[S22.2] Rows", () => {
  it("[S22.2.1] the newest first, with what each waits for, or how it has failed", async () => {
    await visit(server, "#/list", async (page) => {
      await shows(page, ALL);
      expect(await rowOf(page, "q-1").innerText()).toMatch(/Waiting[\s\S]*humanInteraction[\s\S]*event answer/);
      expect(await rowOf(page, "broken-1").innerText()).toMatch(/Failed[\s\S]*monitor[\s\S]*RangeError: createTimer/);
      await page.getByRole("button", { name: /^Created/ }).click();
      await shows(page, ALL.toReversed());
      expect(page.url()).toContain("order=asc");
    });
  });

  it("[S22.2.2] what begins and what changes shows without a reload; what fits no more goes", async () => {
    await visit(server, "#/list?is=waiting&search=live", async (page) => {
      await page.getByText("No instance fits this filter").waitFor();
      await server.start("humanInteraction", "live-1", QUESTION);
      await shows(page, ["live-1"]);
      await server.start("humanInteraction", "live-2", QUESTION);
      await shows(page, ["live-2", "live-1"]);
      await server.raise("live-1", "answer", "yes");
      await shows(page, ["live-2"]);
    });
    await server.raise("live-2", "answer", "yes");
    for (const id of ["live-1", "live-2"]) await server.ask("POST", `workflows/dapr/${id}/purge`);
  });
});

describe("[S22.2] Filters", () => {
  it("[S22.2.3] stand in the address, which shows the same to whoever opens it; back takes one away", async () => {
    await visit(server, "#/list", async (page) => {
      await shows(page, ALL);
      await page.getByRole("button", { name: /^Failed/ }).click();
      await shows(page, ["broken-1"]);
      await page.getByRole("button", { name: /^Waiting/ }).click();
      await shows(page, ["broken-1", "q-1"]);
      await page.getByLabel("Workflow", { exact: true }).selectOption("monitor");
      await shows(page, ["broken-1"]);
      expect(new URL(page.url()).hash).toBe("#/list?is=waiting%2Cfailed&name=monitor");
      const copy = await page.context().newPage();
      await copy.goto(page.url());
      await shows(copy, ["broken-1"]);
      await page.goBack();
      await shows(page, ["broken-1", "q-1"]);
      await page.goForward();
      await shows(page, ["broken-1"]);
    });
  });

  it("[S22.2.4] the box takes the beginning of an ID, or a query, and says what is wrong with one", async () => {
    await visit(
      server,
      "#/list",
      async (page) => {
        await shows(page, ALL);
        await page.keyboard.press("/");
        await page.keyboard.type("q-");
        await shows(page, ["q-1"]);
        await page.keyboard.press("ControlOrMeta+a");
        await page.keyboard.type("Name = orderProcessingWorkflow");
        await shows(page, ["order-1"]);
        await page.keyboard.press("ControlOrMeta+a");
        await page.keyboard.type("Stats = FAILED");
        await page.getByRole("alert").getByText("did you mean Status").waitFor();
        expect(await page.getByText("No instance").count()).toBe(0);
      },
      { allowed: /status of 400/ },
    );
  });

  it("[S22.2.5] counts are of all that fit the other filters, and RUNNING is told apart", async () => {
    await visit(server, "#/list?is=failed", async (page) => {
      const count = (name: string) => page.getByRole("button", { name, exact: true }).count();
      await until("the counts are there", async () => (await count("All 3")) === 1);
      expect([
        await count("Failed 1"),
        await count("Completed 1"),
        await count("Waiting 1"),
        await count("Running"),
      ]).toEqual([1, 1, 1, 1]);
    });
  });

  it("[S22.2.6] a view is kept under its name in this browser, and comes back by it", async () => {
    await visit(server, "#/list?is=failed&cols=status%2Cid%2Cversion", async (page) => {
      await shows(page, ["broken-1"]);
      await page.getByRole("button", { name: "Saved views" }).or(page.getByTitle("Saved views")).click();
      await page.getByRole("menuitem", { name: "Save this view …" }).click();
      await page.getByLabel("Name").fill("Mine <b>");
      await page.keyboard.press("Enter");
      await page.goto(`${server.origin}/ui/#/list`);
      await shows(page, ALL);
      await page.reload();
      await page.getByTitle("Saved views").click();
      await page.getByRole("menuitem", { name: "Mine <b>" }).click();
      await shows(page, ["broken-1"]);
      expect(await page.getByRole("columnheader").allInnerTexts()).toEqual(["", "Status", "Instance", "Version"]);
    });
  });

  it("[S22.2.7] what fits nothing says so, and leads back to all", async () => {
    await visit(server, "#/list?search=nobody", async (page) => {
      await page.getByText("No instance fits this filter").waitFor();
      await page.getByRole("button", { name: "Clear filters" }).click();
      await shows(page, ALL);
    });
  });
});

describe("[S22.2] Hands", () => {
  it("[S22.2.8] the keyboard alone: down, select, actions, dry run, back, and open; focus comes back", async () => {
    await visit(server, "#/list", async (page) => {
      await shows(page, ALL);
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.getByText("1 selected").waitFor();
      await page.keyboard.press(".");
      await page.getByRole("menuitem", { name: "Raise an event …" }).waitFor();
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Terminate 1 instance?" }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Go back");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.keyboard.press("Escape");
      await page.keyboard.press("k");
      await page.keyboard.press("Enter");
      await until("the instance is open", () => page.url().endsWith("#/i/broken-1"));
      await page.goBack();
      await shows(page, ALL);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("g");
      await page.keyboard.press("o");
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    });
  });

  it("[S22.2.9] a row is a link: a middle click opens it beside", async () => {
    await visit(server, "#/list", async (page, context) => {
      await shows(page, ALL);
      const other = context.waitForEvent("page");
      await rowOf(page, "q-1").getByText("humanInteraction").click({ button: "middle", force: true });
      await until("the other page is there", async () => (await other).url().endsWith("#/i/q-1"));
      expect(await ids(page)).toEqual(ALL);
    });
  });
});

describe("[S22.2] Many at once", () => {
  it("[S22.2.10] all that fit the filter: a dry run, how many, a job that does it, and a way to it", async () => {
    for (const n of [1, 2, 3]) await server.start("humanInteraction", `bulk-${n}`, QUESTION);
    await visit(server, "#/list?search=bulk-", async (page) => {
      await shows(page, ["bulk-3", "bulk-2", "bulk-1"]);
      await page.getByLabel("Select all that are loaded").check();
      await page.getByText("3 selected").waitFor();
      await page.getByRole("button", { name: "Select all that fit the filter" }).click();
      await page.getByText("All that fit the filter", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Actions …" }).click();
      await page.getByRole("menuitem", { name: "Terminate …" }).click();
      await page.getByLabel("Reason").fill("a test");
      await page.getByRole("button", { name: "Terminate 3 instances" }).click();
      const link = page.getByRole("link", { name: "see how far it is" });
      await link.waitFor();
      await until(
        "all are terminated",
        async () =>
          (await page.locator(".row-link").count()) === 3 &&
          (await page.locator('.table-body-row .chip[data-standing="terminated"]').count()) === 3,
      );
      const { filter, reason, matched } = await server.ask<Record<string, unknown>>(
        "GET",
        `workflow-jobs/dapr/${(await link.getAttribute("href"))?.split("/").at(-1)}`,
      );
      expect([filter, reason, matched]).toEqual([{ idPrefix: "bulk-" }, "a test", 3]);
    });
    for (const n of [1, 2, 3]) await server.ask("POST", `workflows/dapr/bulk-${n}/purge`);
  });

  it("[S22.2.11] above 1,000 the number has to be typed", async () => {
    await visit(
      server,
      "#/list",
      async (page) => {
        await shows(page, ALL);
        await page.getByLabel("Select all that are loaded").check();
        await page.getByRole("button", { name: "Actions …" }).click();
        await page.getByRole("menuitem", { name: "Purge …" }).click();
        const go = page.getByRole("button", { name: "Purge 1,234 instances" });
        expect(await go.isDisabled()).toBe(true);
        await page.getByLabel("Type 1234 to go on").fill("123");
        expect(await go.isDisabled()).toBe(true);
        await page.getByLabel("Type 1234 to go on").fill("1,234");
        expect(await go.isDisabled()).toBe(false);
      },
      {
        before: (page) =>
          page.route("**/v1.0/workflow-jobs/dapr", (route) => route.fulfill({ json: { matched: 1_234, samples: [] } })),
      },
    );
  });
});
