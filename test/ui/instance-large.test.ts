// Histories of 5,000 and of 50,000 events: the page opens, and nothing freezes.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  for (const [id, count] of LARGE)
    await world.api.start(
      "fanOutFanIn",
      id,
      Array.from({ length: count }, (_, n) => `word ${n}`),
    );
  for (const [id] of LARGE) await world.api.ended(id);
});
afterAll(() => world?.close());
afterEach(() => {
  expect(world.troubles()).toEqual([]);
});

const LARGE = [
  ["large-5000", 2_500],
  ["large-50000", 25_000],
] as const;
/** On a machine that does nothing else it is below a second; this one may be busy. */
const MOST_MS = 4_000;

describe("[S22.3.20] Large histories", () => {
  it.each(LARGE)("[S22.3.20] %s opens at once, and reads no more than it shows", async (id, calls) => {
    // Once, so that the page's own files are there, and the object is awake.
    const { page, context } = await world.open("#/i/nobody");
    await page.getByText("There is no such instance").waitFor();
    let bytes = 0;
    page.on("response", async (response) => {
      if (response.url().includes("/v1.0/")) bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
    });
    const begun = performance.now();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/i/${id}`);
    await page.locator(".instance-title .chip", { hasText: "Completed" }).waitFor();
    const head = performance.now() - begun;
    await page.locator(".timeline-bars").waitFor();
    const bars = performance.now() - begun;
    console.log(
      `${id}: head after ${Math.round(head)} ms, bars after ${Math.round(bars)} ms, ${Math.round(bytes / 1024)} KiB read`,
    );
    expect(bars).toBeLessThan(MOST_MS);
    await page.getByText(`${(2 * calls + 2).toLocaleString("en")} events`).waitFor();
    // The input of the large one alone is more than 300 KiB, and is read twice: in the description and in the first event.
    expect(bytes).toBeLessThan(1_500_000);
    await context.close();
  });

  it("[S22.3.21] above 2,000 bars they are painted, the keyboard moves in them, and a table has the same", async () => {
    const { page, context } = await world.open("#/i/large-50000");
    await page.getByRole("button", { name: "Load earlier ones" }).click();
    await page.locator("canvas.timeline-bars").waitFor();
    const box = page.locator(".timeline-box");
    await box.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("region", { name: "The selected bar" }).getByText("countWords").waitFor();
    expect(page.url()).toMatch(/bar=\d+/);
    await page.keyboard.press("+");
    await page.keyboard.press("Escape");
    expect(page.url()).not.toMatch(/bar=/);
    await page.getByRole("button", { name: "Table" }).click();
    await page.getByRole("columnheader", { name: "Attempts" }).waitFor();
    expect(await page.locator(".bar-table tbody tr").count()).toBe(200);
    await context.close();
  });

  it("[S22.3.22] 50,000 events scroll: some rows at a time, and earlier ones come by themselves", async () => {
    const { page, context } = await world.open("#/i/large-50000?tab=history&rows=raw");
    await page.locator(".event-row").first().waitFor();
    expect(await page.locator(".event-row .event-number").first().textContent()).toBe("50001");
    for (let n = 0; n < 12; n++) {
      await page.mouse.wheel(0, 4_000);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    // Beyond the first page, which has 200.
    await page.waitForFunction(() => {
      const last = [...document.querySelectorAll(".event-row .event-number")].at(-1)?.textContent;
      return Number(last) < 49_800;
    });
    expect(await page.locator(".event-row").count()).toBeLessThan(80);
    await context.close();
  });

  it("[S22.3.23] time travel over 50,000 events: each place is there within moments, and in the address", async () => {
    const { page, context } = await world.open("#/i/large-50000?tab=travel&at=25001");
    await page.getByText("after event 25,000 of 0 to").waitFor({ timeout: 30_000 });
    await page.getByText(/of 0 to 50,001$/).waitFor({ timeout: 30_000 });
    await page.getByText("25,000", { exact: true }).first().waitFor();
    const slider = page.getByRole("slider", { name: "Event" });
    const tookMs = await slider.evaluate(async (element) => {
      const input = element as HTMLInputElement;
      const took: number[] = [];
      for (const place of [100, 49_000, 12_345, 30_001]) {
        const begun = performance.now();
        input.value = String(place);
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        took.push(Math.round(performance.now() - begun));
      }
      return took;
    });
    console.log(`the slider at 50,000 events: ${tookMs.join(", ")} ms`);
    expect(Math.max(...tookMs)).toBeLessThan(MOST_MS);
    await page.getByText("after event 30,000 of").waitFor();
    expect(page.url()).toContain("at=30001");
    await context.close();
  });
});
