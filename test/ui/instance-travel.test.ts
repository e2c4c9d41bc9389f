// Time travel, what is handed over as files, filters in the address, keyboard, and who cannot see well.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axeProblems, expectNoSidewaysScroll, openWorld, SCHEMES, SIZES, type World } from "./world.ts";

const CAR = { itemName: "car", totalCost: 9000, quantity: 1 };

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.api.start("orderProcessingWorkflow", "order", CAR);
  await world.api.start("payment", "payment", { total: 70 });
  await world.api.start("patient", "patient");
  await world.api.start("childWorkflows", "family", ["Ada", "Grace"]);
  await world.api.start("collector", "waiting", 3);
  await world.api.ended("payment");
  await world.api.ended("family");
});
afterAll(() => world?.close());
afterEach(() => {
  expect(world.troubles()).toEqual([]);
});

async function downloaded(page: Page, click: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

describe("[S22.5] Time travel", () => {
  it("[S22.5.1] shows what was pending, answered and drawn after an event, and the address has the place", async () => {
    const { page, context } = await world.open("#/i/payment?tab=travel&at=4");
    await page.getByText("after event 3 of 0 to").waitFor();
    await page.getByRole("row", { name: /activity charge #2/ }).waitFor();
    expect(await page.locator(".timeline-name").allTextContents()).toEqual(["reserve", "charge"]);
    await page.getByText("1 completed, 0 failed").waitFor();
    await page.getByRole("button", { name: "Next failure" }).click();
    await page.getByText("1 completed, 1 failed").waitFor();
    expect(page.url()).toContain("at=5");
    await page.getByRole("button", { name: "Last", exact: true }).click();
    await page.locator(".instance-facts .chip", { hasText: "Failed" }).waitFor();
    expect(await page.getByText("Pending work").count()).toBe(0);
    await page.getByRole("slider", { name: "Event" }).press("Home");
    await page.getByText("after event 0 of 0 to").waitFor();
    await context.close();
  });

  it("[S22.5.1.1] and what only the code can tell: its custom status then, and what it waited for", async () => {
    const { page, context } = await world.open("#/i/order?tab=travel&at=8");
    const facts = page.locator(".card .instance-facts");
    await facts.getByText("waiting for approval").waitFor();
    await facts.getByText("event approval_event, timer #4").waitFor();
    await page.getByRole("row", { name: /event approval_event/ }).waitFor();
    await page.getByRole("button", { name: "First", exact: true }).click();
    await facts.getByText("nothing but its calls").waitFor();
    expect(await page.getByRole("row", { name: /event approval_event/ }).count()).toBe(0);
    await context.close();
  });

  it("[S22.5.2] make a test of this: a file for the test kit, up to the event", async () => {
    const { page, context } = await world.open("#/i/order?tab=travel&at=5");
    await page.getByRole("button", { name: "Make a test of this" }).click();
    const { name, text } = await downloaded(page, () =>
      page.getByRole("menuitem", { name: "for node --test" }).click(),
    );
    expect(name).toBe("order.test.ts");
    expect(text).toContain('import { replayHistory } from "edge-workflows/testing";');
    expect(text.split("\n").filter((line) => line.includes('"timestampMs"')).length).toBeGreaterThanOrEqual(5);
    await context.close();
  });

  it("[S22.5.3] the whole history as a file that the command line replays", async () => {
    const { page, context } = await world.open("#/i/family?tab=history");
    const { name, text } = await downloaded(page, () => page.getByRole("button", { name: "Download" }).click());
    expect(name).toBe("family.jsonl");
    expect(JSON.parse(text.split("\n")[0] ?? "")).toEqual({ instanceId: "family" });
    await context.close();
  });
});

describe("[S22.3.30] History, filters, keyboard", () => {
  it("[S22.3.30] filters are in the address, and a link shows the same", async () => {
    const { page, context } = await world.open("#/i/payment?tab=history");
    await page.locator(".event-row").first().waitFor();
    await page.getByLabel("Only failures").check();
    await page.waitForURL(/only=failures/);
    await page.locator(".event[data-outcome=failed]").first().waitFor();
    await page.reload();
    await page.locator(".event-summary", { hasText: "CardDeclined" }).first().waitFor();
    expect(await page.getByLabel("Only failures").isChecked()).toBe(true);
    await page.getByLabel("Only failures").uncheck();
    await page.getByLabel("Text in an event").fill("reserve");
    await page.keyboard.press("Enter");
    await page.waitForURL(/contains=reserve/);
    await page.locator(".event-row", { hasText: "reserve" }).first().waitFor();
    await page.getByLabel("Text in an event").fill("nothing has this");
    await page.keyboard.press("Enter");
    await page.getByText("No event fits").waitFor();
    await page.goBack();
    await page.locator(".event-row", { hasText: "reserve" }).first().waitFor();
    await context.close();
  });

  it("[S22.3.31] the timeline by keyboard alone: select, open a child, go to the details, leave", async () => {
    const { page, context } = await world.open("#/i/family");
    const box = page.locator(".timeline-box");
    await page.locator(".timeline-bars").waitFor();
    await box.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("region", { name: "The selected bar" }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".timeline-name", { hasText: "greet" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.waitForURL(/of=family/);
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("bar-details");
    await box.focus();
    await page.keyboard.press("Escape");
    expect(page.url()).not.toContain("bar=");
    await page.keyboard.press(".");
    await page.getByRole("menu", { name: "Actions" }).waitFor();
    await context.close();
  });
});

describe("[S22.7] The pages of an instance for everybody", () => {
  const pages = [
    "order",
    "order?bar=1",
    "order?view=table",
    "payment",
    "patient",
    "payment?tab=history",
    "family?tab=relations",
    "payment?tab=travel&at=5",
    "nobody",
  ];
  const looks = SIZES.flatMap((size) => SCHEMES.map((scheme) => [size.width, scheme, size] as const));

  it.each(looks)(
    "[S22.7] axe finds nothing, and nothing scrolls sideways: %i px, %s",
    async (_, colorScheme, viewport) => {
      const { page, context } = await world.open("#/i/nobody", { colorScheme, viewport });
      for (const hash of pages) {
        await page.evaluate((next) => {
          location.hash = next;
        }, `#/i/${hash}`);
        await page.locator(hash === "nobody" ? ".empty" : ".instance-title .chip").waitFor();
        if (hash !== "nobody") await page.locator(".instance-card").first().waitFor();
        if (hash.includes("history")) await page.locator(".event-row").first().click();
        expect([hash, ...(await axeProblems(page))]).toEqual([hash]);
        await expectNoSidewaysScroll(page);
      }
      await context.close();
    },
  );
});
