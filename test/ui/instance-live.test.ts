// The stream of an instance: what comes while it is looked at, and what becomes of it when the server goes.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
afterEach(() => {
  expect(world.troubles()).toEqual([]);
});

describe("[S22.3.10] An instance that is watched", () => {
  it("[S22.3.10] its connections are cut in the middle of the stream: no event is missing, and none comes twice", async () => {
    await world.api.start("collector", "cut", 6);
    const { page } = await world.open("#/i/cut?tab=history&rows=raw&order=asc");
    await page.getByText("Live", { exact: true }).waitFor();
    for (const item of [0, 1]) await world.api.raise("cut", "item", item);
    await page.getByText("TaskCompleted #2").waitFor();
    world.front.cut();
    await page.getByText("Reconnecting").waitFor();
    world.front.back();
    for (const item of [2, 3, 4]) await world.api.raise("cut", "item", item);
    await page.getByText("TaskCompleted #5").waitFor();
    world.front.cut();
    world.front.back();
    await world.api.raise("cut", "item", 5);
    await page.getByText("ExecutionCompleted").waitFor();
    const numbers = await page.locator(".event-row .event-number").allTextContents();
    const { events } = (await (await fetch(`${world.origin}/v1.0/workflows/dapr/cut/history`)).json()) as {
      events: unknown[];
    };
    expect(numbers.map(Number)).toEqual([...events.keys()]);
    await page.locator(".instance-title .chip").getByText("Completed").waitFor();
    await page.context().close();
  });

  it("[S22.3.10.1] the server is killed in the middle of the stream, twice: no event is missing, and none comes twice", async () => {
    await world.api.start("collector", "killed", 4);
    const { page } = await world.open("#/i/killed?tab=history&rows=raw&order=asc");
    await page.getByText("Live", { exact: true }).waitFor();
    await world.api.raise("killed", "item", 0);
    await page.getByText("TaskCompleted #1").waitFor();
    for (const item of [1, 2]) {
      await world.kill();
      await world.api.raise("killed", "item", item);
      await page.getByText(`TaskCompleted #${item + 1}`).waitFor();
    }
    await world.api.raise("killed", "item", 3);
    await page.getByText("ExecutionCompleted").waitFor();
    const numbers = await page.locator(".event-row .event-number").allTextContents();
    const { events } = (await (await fetch(`${world.origin}/v1.0/workflows/dapr/killed/history`)).json()) as {
      events: unknown[];
    };
    expect(numbers.map(Number)).toEqual([...events.keys()]);
    await page.context().close();
  });

  it("[S22.3.11] what no event tells is kept up to date: the custom status, and what it waits for", async () => {
    await world.api.start("collector", "told", 2);
    const { page } = await world.open("#/i/told");
    await page.locator(".custom-status", { hasText: "0 taken" }).waitFor();
    await world.api.raise("told", "item", "a");
    await page.locator(".custom-status", { hasText: "1 taken" }).waitFor();
    await page.getByText("Waits for the event item").waitFor();
    await world.api.raise("told", "item", "b");
    await page.locator(".instance-title .chip", { hasText: "Completed" }).waitFor();
    expect(await page.getByText("Waits for the event").count()).toBe(0);
    await page.context().close();
  });

  it("[S22.3.12] another execution begins: the page says so, and shows it from its beginning", async () => {
    await world.api.start("rounds", "rounds-1", 1);
    const { page } = await world.open("#/i/rounds-1?tab=history");
    await page.getByText("Live", { exact: true }).waitFor();
    await world.api.raise("rounds-1", "next", "on");
    await page.getByText("It has begun a new execution while you were looking: generation 1.").waitFor();
    await page.locator(".event-summary", { hasText: /^2$/ }).waitFor();
    await world.api.raise("rounds-1", "next", "stop");
    await page.locator(".instance-title .chip", { hasText: "Completed" }).waitFor();
    await page.context().close();
  });

  it("[S22.3.13] purged while it is looked at: the page says so", async () => {
    await world.api.start("collector", "purged", 1);
    const { page } = await world.open("#/i/purged");
    await page.getByText("Live", { exact: true }).waitFor();
    await fetch(`${world.origin}/v1.0/workflows/dapr/purged/purge?force=true`, { method: "POST" });
    await page.getByText("This instance has been purged").waitFor();
    await page.context().close();
  });

  it("[S22.3.14] one that is not there, and one that cannot be read, are told apart", async () => {
    const { page } = await world.open("#/i/nobody");
    await page.getByText("There is no such instance").waitFor();
    await page.context().close();
    await world.api.start("collector", "unread", 1);
    let isBroken = true;
    const other = await world.open("#/i/unread", {
      before: (page) =>
        page.route("**/v1.0/workflows/**", (route) =>
          isBroken
            ? route.fulfill({ status: 500, json: { errorCode: "ERR_GET_WORKFLOW", message: "the disk is full" } })
            : route.continue(),
        ),
    });
    await other.page.getByText("The instance unread could not be read.").waitFor();
    await other.page.getByText("the disk is full (ERR_GET_WORKFLOW)").waitFor();
    isBroken = false;
    await other.page.getByRole("button", { name: "Try again" }).click();
    await other.page.getByText("Waits for the event item").waitFor();
    await other.page.context().close();
  });

  it("[S22.3.16] who reads further down keeps their place while events come, and is told of them", async () => {
    await world.api.start("collector", "read", 99);
    for (let item = 0; item < 40; item++) await world.api.raise("read", "item", item);
    const { page } = await world.open("#/i/read?tab=history&rows=raw");
    await page.getByText("TaskCompleted #40").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.mouse.move(600, 600);
    await page.mouse.wheel(0, 1_500);
    await page.waitForFunction(() => scrollY > 1_000);
    const number = await page.locator(".event-row .event-number").nth(12).textContent();
    const row = page.locator(".event-row", { has: page.getByText(number ?? "", { exact: true }) }).first();
    const before = await row.boundingBox();
    await world.api.raise("read", "item", "new");
    await page.getByRole("button", { name: "3 newer events" }).waitFor();
    const after = await row.boundingBox();
    expect(Math.abs((after?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(60);
    await page.getByRole("button", { name: "3 newer events" }).click();
    await page.getByText("TaskCompleted #41").waitFor();
    await page.context().close();
  });

  it("[S22.3.14.1] one that could not be read is read again by itself", async () => {
    await world.api.start("collector", "mends", 1);
    const { page } = await world.open("#/i/mends", {
      before: async (page) => {
        await page.clock.install();
        await page.route("**/v1.0/workflows/**", (route) => route.abort());
      },
    });
    await page.getByText("The server does not answer. Is it running").waitFor();
    await page.unroute("**/v1.0/workflows/**");
    await page.clock.fastForward(10_000);
    await page.getByText("Waits for the event item").waitFor();
    await page.context().close();
  });

  it("[S22.3.15] pause and resume are seen at once, with who has asked and why", async () => {
    await world.api.start("collector", "paused", 1);
    const { page } = await world.open("#/i/paused");
    await page.getByText("Live", { exact: true }).waitFor();
    await fetch(`${world.origin}/v1.0/workflows/dapr/paused/pause?reason=stocktaking`, { method: "POST" });
    await page.getByText("Paused: stocktaking.").waitFor();
    await page.reload();
    await page.getByText("Paused: stocktaking.").waitFor();
    await fetch(`${world.origin}/v1.0/workflows/dapr/paused/resume`, { method: "POST" });
    await page.getByText("Waits for the event item").waitFor();
    await page.context().close();
  });
});
