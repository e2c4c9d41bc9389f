// The pages beside list and instance: what they show, what they say where there is nothing, and that each can be reached by everybody.
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, faultsOf, goTo, openPage, settled, until } from "./journey.ts";
import { type OpenOptions, openWorld, type World } from "./world.ts";

let world: World;
let bare: World;
let page: Page;
let job: string;

beforeAll(async () => {
  world = await openWorld({}, "acting-worker.js");
  bare = await openWorld({}, "bare-worker.js");
});
afterAll(() => Promise.all([world?.close(), bare?.close()]));
afterEach(async () => {
  await page?.context().close();
  expect([...world.troubles(), ...bare.troubles()]).toEqual([]);
});

async function open(hash: string, options?: OpenOptions, of = world): Promise<Page> {
  page = await openPage(of, hash, options);
  await settled(page);
  return page;
}

const PAGES = ["#/", "#/schedules", "#/jobs", "#/limits", "#/failures", "#/workflows", "#/catalog", "#/start"] as const;

describe("[U40] where there is nothing", () => {
  it.each([
    ["#/", "No instance yet", "Start orderProcessingWorkflow"],
    ["#/schedules", "No schedule yet", "New schedule"],
    ["#/jobs", "No bulk job yet", "the list"],
    ["#/failures", "Nothing has failed in the last 7 days", "stalled"],
  ])("[U40.1] %s says %j, and what to do next", async (hash, title, next) => {
    await open(hash);
    await page.getByRole("heading", { name: title }).waitFor();
    expect(await page.getByRole("main").getByRole("link", { name: next }).count()).toBeGreaterThan(0);
  });

  it.each([
    ["#/", "WORKFLOW_CATALOG"],
    ["#/failures", "WORKFLOW_CATALOG"],
    ["#/catalog", "WORKFLOW_CATALOG"],
    ["#/jobs", "WORKFLOW_CATALOG"],
    ["#/schedules", "WORKFLOW_SCHEDULE"],
  ])("[U40.2] %s of a Worker without the binding says what to add", async (hash, binding) => {
    await open(hash, {}, bare);
    await page.getByRole("heading", { name: "not switched on" }).waitFor();
    expect(await page.locator(".code code").textContent()).toContain(`name = "${binding}"`);
  });

  it("[U40.3] limits that are not declared, and what is registered without a catalog", async () => {
    await open("#/limits", {}, bare);
    await page.getByRole("heading", { name: "No limit is declared" }).waitFor();
    await goTo(bare, page, "#/workflows");
    await page.getByRole("rowheader", { name: "hello" }).waitFor();
    await page.getByText("How many instances each has is known where there is a").waitFor();
  });

  it("[U40.4] a read that fails looks like no empty page, and is made again", async () => {
    let isDown = true;
    await open("#/limits");
    await page.route("**/v1.0/workflow-schedules/**", (route) =>
      isDown
        ? route.fulfill({ status: 500, json: { errorCode: "ERR_SCHEDULE", message: "out of order" } })
        : route.continue(),
    );
    await goTo(world, page, "#/schedules");
    await page.getByRole("alert").getByText("out of order (ERR_SCHEDULE)").waitFor();
    expect(await page.getByText("No schedule yet").count()).toBe(0);
    isDown = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No schedule yet").waitFor();
    // What was read stays when the next read fails.
    isDown = true;
    await page.getByText("since then it could not be read: out of order").waitFor();
    expect(await page.getByText("No schedule yet").count()).toBe(1);
  });
});

describe("[U41] schedules", () => {
  it("[U41.1] one is made with a preview in both zones, triggered, paused with a reason, changed, tried as a backfill, and deleted", async () => {
    await open("#/schedules?create=true");
    await page.getByLabel("ID", { exact: true }).fill("nightly");
    await page.getByRole("combobox", { name: "Workflow" }).selectOption("rest");
    await page.getByLabel("Cron expressions").fill("61 2 * * *");
    await page.locator(".problem", { hasText: "61 2 * * *" }).waitFor();
    await page.getByLabel("Cron expressions").fill("30 2 * * *");
    await page.getByLabel("Time zone").fill("Asia/Tokyo");
    await page.getByRole("columnheader", { name: "Asia/Tokyo" }).waitFor();
    await page.getByRole("columnheader", { name: "Your time (Europe/Berlin)" }).waitFor();
    await page.getByRole("table").getByText(", 02:30").first().waitFor();
    await page.getByLabel("Input").fill("3600");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    const times = page.getByRole("table", { name: "Its next times" }).getByRole("row");
    await expect.poll(() => times.count()).toBe(11);

    await page.getByRole("button", { name: "Trigger" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Start an instance now" }).click();
    await page.getByRole("dialog").getByText(": started.").waitFor();
    const link = page.getByRole("dialog").getByRole("link");
    const id = (await link.textContent()) ?? "";
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("table", { name: "Its last times" }).getByRole("link", { name: id }).waitFor();
    expect((await ask(world, `GET workflows/dapr/${id}`)).status).toBe(200);

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("stocktaking");
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByText(": stocktaking.").waitFor();

    await page.getByRole("link", { name: "Change" }).click();
    await page.getByLabel("Catch-up window").fill("6h");
    expect(await page.locator(".terminal code").last().textContent()).toBe(
      `npx edge-workflows schedule update --url ${world.origin} --catch-up-window 6h nightly`,
    );
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".facts dd", { hasText: /^6h$/ }).waitFor();
    expect((await ask(world, "GET workflow-schedules/dapr/nightly")).body).toMatchObject({
      catchUpWindow: "6h",
      input: 3600,
    });

    await page.getByRole("button", { name: "Backfill" }).click();
    const shown = page.getByRole("dialog");
    await shown.getByLabel("From").fill("2026-03-28T00:00");
    await shown.getByLabel("To", { exact: true }).fill("2026-03-30T00:00");
    await shown.getByRole("button", { name: "Show which" }).click();
    await shown.getByText("2 instances would be started").waitFor();
    expect(await shown.locator(".earlier .mono").allTextContents()).toEqual([
      "nightly-20260328T173000Z",
      "nightly-20260329T173000Z",
    ]);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByText("is gone").waitFor();
    expect((await ask(world, "GET workflow-schedules/dapr/nightly")).status).toBe(404);
  });
});

describe("[U42] with something to show", () => {
  beforeAll(async () => {
    for (const n of [1, 2, 3])
      await ask(world, `POST workflows/dapr/buy/start?instanceID=bad-${n}`, {
        card: 4_000 + n,
        item: "ink",
        fail: true,
      });
    for (const n of [1, 2]) await ask(world, `POST workflows/dapr/import/start?instanceID=import-${n}`, 86_400);
    await ask(world, "POST workflows/dapr/bill/start?instanceID=bill-7");
    await ask(world, "POST workflows/dapr/chat/start?instanceID=chat-7");
    await ask(world, "POST workflow-schedules/dapr", { id: "hourly", workflowName: "rest", interval: "1h" });
    await until(world, "GET workflows/dapr?status=FAILED", ({ body }) => body.workflows.length === 3);
    const started = await ask(world, "POST workflow-jobs/dapr", {
      operation: "pause",
      instanceIDs: ["import-1", "bad-1", "nobody"],
      reason: "stocktaking",
    });
    job = started.body.jobID;
    await until(world, `GET workflow-jobs/dapr/${job}`, ({ body }) => body.state === "COMPLETED");
    await until(world, "GET workflow-limits/dapr", ({ body }) => body.limits[0].waiting === 1);
    await until(world, "GET workflows/dapr?status=RUNNING", ({ body }) => body.workflows.length >= 2);
  });

  it("[U42.1] the overview counts by status, by day and by workflow, and names what needs a look", async () => {
    await open("#/");
    const tile = page.locator(".tile", { hasText: "Failed" });
    expect(await tile.textContent()).toBe("Failed3");
    expect(await tile.getAttribute("href")).toBe("#/list?status=FAILED");
    await page.getByRole("link", { name: /\d started, .*3 failed/ }).waitFor();
    expect(await page.getByRole("rowheader", { name: "buy" }).count()).toBe(1);
    expect(await page.getByRole("link", { name: /^3 \(/ }).getAttribute("href")).toBe("#/failures?name=buy");
    expect(await page.locator(".row .mono").allTextContents()).toEqual(
      expect.arrayContaining(["bad-1", "bad-2", "bad-3"]),
    );
  });

  it("[U42.2] failures of one type and message are one group, and what was thrown is text", async () => {
    await open("#/failures");
    const group = page.locator(".group");
    await expect.poll(() => group.count()).toBe(1);
    expect(await group.textContent()).toContain('failed: card … was refused <img src=x onerror="alert(…)">');
    await group.getByRole("link", { name: /bad-2/ }).click();
    await page.getByRole("heading", { name: "bad-2" }).waitFor();
  });

  it("[U42.3] a bulk job shows how far it has come, and the first that failed", async () => {
    await open("#/jobs");
    await page.getByRole("link", { name: "pause" }).click();
    await page.getByRole("heading", { name: "Bulk job: pause" }).waitFor();
    await page.getByText("3 of 3").waitFor();
    await page.getByText("stocktaking").waitFor();
    const failure = page.getByRole("table", { name: "Failures" }).getByRole("link", { name: "nobody" });
    expect(await failure.getAttribute("href")).toBe("#/i/nobody");
  });

  it("[U42.6] a bulk job that goes on is stopped with a reason, and says so", async () => {
    const ids = Array.from({ length: 50 }, (_, n) => `slow-${n}`);
    const { body } = await ask(world, "POST workflow-jobs/dapr", { operation: "pause", instanceIDs: ids, rps: 1 });
    await open(`#/jobs/${body.jobID}`);
    await page.getByRole("button", { name: "Stop it" }).click();
    const shown = page.getByRole("dialog");
    await shown.getByLabel("Reason").fill("a mistake");
    expect(await shown.locator(".terminal code").last().textContent()).toBe(
      `npx edge-workflows bulk cancel --url ${world.origin} --reason 'a mistake' ${body.jobID}`,
    );
    await shown.getByRole("button", { name: "Stop it" }).click();
    await shown.getByText("It stops between two batches.").waitFor();
    await shown.getByRole("button", { name: "Close" }).last().click();
    await page.locator(".chip", { hasText: "Canceled" }).waitFor();
    expect(await page.getByRole("button", { name: "Stop it" }).count()).toBe(0);
  });

  it("[U42.4] a limit has its queues, a workflow its versions, the catalog its shards", async () => {
    await open("#/limits");
    await page.getByRole("table", { name: "Queues of imports" }).getByRole("rowheader", { name: "t1" }).waitFor();
    expect(await page.getByRole("link", { name: "The one that waits" }).getAttribute("href")).toBe(
      "#/list?waitingFor=limit%3Aimports",
    );
    await goTo(world, page, "#/workflows");
    const latest = page.getByRole("row", { name: /^bill.*v2new instances/ });
    expect(await latest.getByRole("link", { name: "1" }).first().getAttribute("href")).toContain(
      "name=bill&version=v2",
    );
    await page.getByRole("button", { name: "Show those of chat" }).click();
    await page.getByText("queries: said; updates: say").waitFor();
    await goTo(world, page, "#/catalog");
    await page.getByRole("table", { name: "Shards" }).waitFor();
    expect(await page.getByRole("row").count()).toBe(3);
    await page.getByRole("button", { name: "Rebuild" }).click();
    await page.getByLabel("IDs, one a line").fill("bad-1\nnobody");
    await page.getByRole("button", { name: "Have them announced" }).click();
    await page.getByText("1 announced, 1 without an instance.").waitFor();
  });

  it.each([320, 1_280].flatMap((width) => (["light", "dark"] as const).map((scheme) => [width, scheme] as const)))(
    "[U42.5] every page at %d px in %s: no fault that axe finds, nothing beyond the screen",
    async (width, scheme) => {
      await open("#/", { viewport: { width, height: 900 }, colorScheme: scheme });
      for (const hash of [
        ...PAGES,
        "#/schedules/hourly",
        "#/schedules/hourly?edit=true",
        "#/schedules?create=true",
        `#/jobs/${job}`,
      ]) {
        await goTo(world, page, hash);
        expect([hash, await faultsOf(page)]).toEqual([hash, []]);
      }
    },
  );
});

describe("[U43] what is shown is read again", () => {
  it("[U43.1] while the page is seen, not while its tab is hidden, and at once when it is seen again", async () => {
    let reads = 0;
    await open("#/limits", {
      before: async (page) => {
        await page.clock.install();
        page.on("request", (request) => {
          if (request.url().includes("/workflow-limits/")) reads++;
        });
      },
    });
    const hide = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    await expect.poll(() => reads).toBe(1);
    await page.clock.fastForward(5_000);
    await expect.poll(() => reads).toBe(2);
    await page.waitForLoadState("networkidle");
    await hide(true);
    await page.clock.fastForward(60_000);
    expect(reads).toBe(2);
    await hide(false);
    await expect.poll(() => reads).toBe(3);
  });

  it("[U43.2] when an action has changed something: what it has changed is seen without a reload", async () => {
    await ask(world, "POST workflow-schedules/dapr", { id: "seen", workflowName: "rest", interval: "1h" });
    // By itself, nothing is read again: what waits five seconds waits for ever.
    const never = () => {
      const real = window.setTimeout;
      const patched = (run: TimerHandler, ms?: number) => (ms === 5_000 ? 0 : real(run, ms));
      Object.assign(window, { setTimeout: patched });
    };
    await open("#/schedules/seen", { before: (page) => page.addInitScript(never) });
    await page.locator(".chip", { hasText: "Active" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await page.getByText("seen is paused.").waitFor();
    await page.locator(".chip", { hasText: "Paused" }).waitFor();
  });
});
