// One instance in a browser: what a person sees of it, and that it is so.
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axeProblems, openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
afterEach(() => {
  expect(world.troubles()).toEqual([]);
});

const CAR = { itemName: "car", totalCost: 9000, quantity: 1 };
const chip = (page: Page) => page.locator(".instance-title .chip");
const labels = (page: Page) => page.locator(".timeline-name > span:first-of-type").allTextContents();

describe("[S22.3] An instance", () => {
  it("[S22.3] an order, live: from its start over its approval to its end without a reload", async () => {
    await world.api.start("orderProcessingWorkflow", "order-live", CAR);
    const { page } = await world.open("#/i/order-live");
    await page.getByText("Waits for the event approval_event").waitFor();
    expect(await chip(page).textContent()).toContain("Waiting");
    await page.getByText("waiting for approval", { exact: true }).waitFor();
    expect(await labels(page)).toEqual(["notify", "verifyInventory", "requestApproval", "timer #4", "approval_event"]);
    await page.getByRole("button", { name: "Raise approval_event" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await world.api.raise("order-live", "approval_event", true);
    await chip(page).getByText("Completed").waitFor();
    await page.locator(".json-name", { hasText: "processed" }).waitFor();
    expect(await labels(page)).toContain("processPayment");
    expect(await labels(page)).toContain("approval_event");
    await page.context().close();
  });

  it("[S22.3.1] a failure: its first cause, the attempts, and the step that it has come from", async () => {
    await world.api.start("payment", "payment-1", { total: 70 });
    const { page } = await world.open("#/i/payment-1");
    await chip(page).getByText("Failed").waitFor();
    await page.locator(".reason").getByText("RangeError: the limit of the card is 50").waitFor();
    const causes = await page.locator(".cause strong").allTextContents();
    expect(causes.slice(-2)).toEqual(["CardDeclined", "RangeError"]);
    await page.getByRole("link", { name: /^in charge #/ }).click();
    const details = page.getByRole("region", { name: "The selected bar" });
    await details.getByText("charge").first().waitFor();
    expect(await details.locator("tbody tr").count()).toBe(3);
    expect(page.url()).toMatch(/bar=\d+/);
    await details.getByRole("button", { name: "Rerun from here" }).click();
    await page.getByRole("dialog", { name: /rerun/i }).waitFor();
    await page.keyboard.press("Escape");
    await page.context().close();
  });

  it("[S22.3.2] one that is tried again says which attempt has failed, why, and when the next comes", async () => {
    await world.api.start("patient", "patient-1");
    const { page } = await world.open("#/i/patient-1");
    await chip(page).getByText("Retrying").waitFor();
    expect(await page.locator(".reason").first().textContent()).toMatch(
      /charge has failed in attempt 1: CardDeclined: declined by the bank\. Next attempt in \d+ s/,
    );
    await page.getByRole("row", { name: /charge.*attempt 1.*next attempt/ }).waitFor();
    await page.context().close();
  });

  it("[S22.3.3] payloads and IDs are text, whatever stands in them", async () => {
    const markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    await world.api.start("chaining", "hostile", markup);
    await world.api.ended("hostile");
    for (const tab of ["overview", "history", "relations", "travel"]) {
      const { page } = await world.open(`#/i/hostile?tab=${tab}&bar=1`);
      await chip(page).getByText("Completed").waitFor();
      if (tab === "overview") await page.getByText("<img src=x onerror=").first().waitFor();
      if (tab === "history") {
        for (const row of await page.locator(".event-row").all()) await row.click();
        await page.getByText("<img src=x onerror=").first().waitFor();
      }
      expect(await page.locator("img, main script").count()).toBe(0);
      expect(await page.title()).not.toBe("owned");
      await page.context().close();
    }
  });

  it("[S22.3.3.1] numbers are shown digit by digit, members of one name side by side, and what turns the direction of a line as its code", async () => {
    const input = '{"id":12345678901234567890,"price":1.0,"id":-0,"far":1e400,"deep":[[[7]]],"mark":"\u202ea"}';
    await fetch(`${world.origin}/v1.0/workflows/dapr/chaining/start?instanceID=exact`, { method: "POST", body: input });
    await world.api.ended("exact");
    const { page } = await world.open("#/i/exact");
    const shown = page.locator(".payload-cards .json-tree").first();
    await shown.locator(".json-number", { hasText: "12345678901234567890" }).waitFor();
    expect((await shown.innerText()).replaceAll(/\s+/g, " ")).toBe(
      '{ "id": 12345678901234567890 "price": 1.0 "id": -0 "far": 1e400 "deep": [ [ 1 item ] ] "mark": "\\u202ea" }',
    );
    await page.goto(`${world.origin}/ui/#/start?like=exact`);
    await page.getByRole("button", { name: "Format" }).click();
    expect((await page.getByLabel("Input").inputValue()).replaceAll(/\s+/g, "")).toBe(input);
    await page.context().close();
  });

  it("[S22.3.3.2] without an input it says so, and is no empty box", async () => {
    await fetch(`${world.origin}/v1.0/workflows/dapr/chaining/start?instanceID=empty`, { method: "POST" });
    await world.api.ended("empty");
    const { page } = await world.open("#/i/empty");
    await page.getByText("It was started without an input.").waitFor();
    await page.context().close();
  });

  it("[S22.3.5] branches: what each waits for, whose each bar, each pending call and each row of the history is, as text", async () => {
    const markup = "<img src=x onerror=alert(1)>";
    await world.api.start("trip", "trip-1");
    const { page } = await world.open("#/i/trip-1");
    const tags = (selector: string) => page.locator(`${selector} > .branch-tag`).allTextContents();
    const tagged = (selector: string) => expect.poll(() => tags(selector), { timeout: 10_000 });
    await chip(page).getByText("Retrying").waitFor();
    await page.locator(".reason", { hasText: "charge in branch flight has failed in attempt 1" }).waitFor();
    await page.locator(".reason", { hasText: "Waits for the event confirmed in branch hotel" }).waitFor();
    await tagged(".timeline-name").toEqual(["flight", "hotel", markup, "flight", "hotel", "hotel"]);
    expect(await page.locator(".timeline-name", { hasText: markup }).getAttribute("title")).toBe(
      `timer: timer #3\nin branch '${markup}'`,
    );
    await page.getByRole("row", { name: /^branch hotel Waiting waits for event:confirmed/ }).waitFor();
    await page.getByRole("row", { name: /^branch flight Waiting waits for activity:charge/ }).waitFor();
    await page.getByRole("row", { name: /^activity charge #\d+ flight Retrying/ }).waitFor();
    await page.getByRole("row", { name: /^event confirmed hotel/ }).waitFor();
    await page.getByRole("link", { name: "By branch" }).click();
    await page.waitForURL(/rows=branches/);
    await tagged(".timeline-name").toEqual(["flight", "flight", "hotel", "hotel", "hotel", markup]);
    expect(await axeProblems(page)).toEqual([]);
    await page.getByRole("button", { name: "Table" }).click();
    await page.getByRole("columnheader", { name: "Branch" }).waitFor();
    await page.getByRole("button", { name: "charge #" }).click();
    await page
      .getByRole("region", { name: "The selected bar" })
      .locator("dd > .branch-tag", { hasText: "flight" })
      .waitFor();
    await world.api.raise("trip-1", "confirmed", true);
    await page.getByRole("row", { name: /^note #\d+ activity hotel completed/ }).waitFor();
    await page.getByRole("row", { name: /^branch hotel/ }).waitFor({ state: "detached" });
    await page.locator(".tabs a", { hasText: "History" }).click();
    await page.locator(".event-row", { hasText: "reserve" }).first().waitFor();
    await expect
      .poll(async () => (await tags(".event-label")).sort(), { timeout: 10_000 })
      .toEqual([markup, "flight", "flight", "hotel", "hotel", "hotel"]);
    await page.goto(`${world.origin}/ui/#/i/trip-1?tab=travel&at=2`);
    await page.getByRole("row", { name: /^branch hotel Waiting waited for activity:reserve/ }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    await page.context().close();
  });

  it("[S22.3.4] children open in place, and stand in the tree of relations", async () => {
    await world.api.start("childWorkflows", "family", ["Ada", "Grace"]);
    await world.api.ended("family");
    const { page } = await world.open("#/i/family");
    await page
      .getByRole("button", { name: /^Show what family/ })
      .first()
      .click();
    await page.locator(".timeline-name", { hasText: "decorate" }).waitFor();
    expect(await labels(page)).toEqual(["chaining", "greet", "shout", "decorate", "chaining"]);
    await page.locator(".tabs a", { hasText: "Relations" }).click();
    await page.locator(".relation").first().waitFor();
    expect(await page.locator(".relation").count()).toBe(2);
    await page.locator(".relation a").first().click();
    await page.getByText("Parent").waitFor();
    await page.goBack();
    await page.locator(".relation").first().waitFor();
    await page.context().close();
  });
});
