// Journeys of a person who acts: each dialog says what it does, and what it shows is what it sends.
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, faultsOf, goTo, openPage, until } from "./journey.ts";
import { type OpenOptions, openWorld, type World } from "./world.ts";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await openWorld({}, "acting-worker.js");
});
afterAll(() => world?.close());
afterEach(async () => {
  await page?.context().close();
  expect(world.troubles()).toEqual([]);
});

async function open(hash: string, options?: OpenOptions): Promise<Page> {
  page = await openPage(world, hash, options);
  return page;
}

const dialog = { role: "dialog" } as const;

async function act(hash: string, action: string) {
  await open(hash);
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: action }).click();
  const shown = page.getByRole(dialog.role);
  await shown.waitFor();
  return { shown };
}

describe("[U30] start, watch, approve", () => {
  it("[U30.1] a person who has read nothing starts the sample order, is led to it, approves it, and sees it end", async () => {
    await open("#/");
    await page.getByRole("link", { name: "Start orderProcessingWorkflow" }).click();
    await page.getByRole("heading", { name: "Start a workflow" }).waitFor();
    expect(await page.getByRole("combobox", { name: "Workflow" }).inputValue()).toBe("orderProcessingWorkflow");
    await page.getByLabel("Reason").fill("it's the first");
    const curl = await page.locator(".terminal code").first().textContent();
    expect(curl).toBe(
      `curl -X POST '${world.origin}/v1.0/workflows/dapr/orderProcessingWorkflow/start?instanceID=order-1&reason=it%27s+the+first' --data-raw '{"itemName":"car","totalCost":9000,"quantity":1}'`,
    );
    await page.getByRole("main").getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("status").getByRole("link", { name: "order-1" }).click();
    await page.getByRole("button", { name: "Raise approval_event" }).click();
    const shown = page.getByRole(dialog.role);
    expect(await shown.getByLabel("Event", { exact: true }).inputValue()).toBe("approval_event");
    await shown.getByLabel("Payload").fill("true");
    await shown.getByRole("button", { name: "Raise", exact: true }).click();
    await shown.getByText("has the event").waitFor();
    await shown.getByRole("button", { name: "Close" }).last().click();
    await page.locator(".chip", { hasText: "Completed" }).first().waitFor();
    const { body } = await ask(world, "GET workflows/dapr/order-1/history?types=ExecutionStarted,EventRaised");
    expect(body.events).toMatchObject([{ reason: "it's the first" }, { name: "approval_event", input: "true" }]);
  });

  it("[U30.2] the form is in its address; like another one it has that one's workflow, input and attributes; earlier inputs are offered", async () => {
    await ask(world, "POST workflows/dapr/buy/start?instanceID=buy-like&attr.customer=c9", { card: 1, item: "pens" });
    await open("#/start?like=buy-like");
    await expect.poll(() => page.getByLabel("Input").inputValue()).toBe('{\n  "card": 1,\n  "item": "pens"\n}');
    expect(await page.getByRole("combobox", { name: "Workflow" }).inputValue()).toBe("buy");
    expect(await page.getByLabel("Search attributes").inputValue()).toBe("customer=c9");
    await page.getByLabel("Input").fill('{"card":12345678901234567890}');
    await expect.poll(() => page.url()).toContain("12345678901234567890");
    await page.reload();
    expect(await page.getByLabel("Input").inputValue()).toBe('{"card":12345678901234567890}');
    expect(await page.locator(".terminal code").first().textContent()).toContain("12345678901234567890");
    await until(world, "GET workflows/dapr?name=buy", ({ body }) => body.workflows.length === 1);
    await page.getByText("Earlier inputs").click();
    await page.getByRole("button", { name: "Take" }).first().click();
    expect(JSON.parse(await page.getByLabel("Input").inputValue())).toEqual({ card: 1, item: "pens" });
  });

  it("[U30.3] what is no JSON is told with its place, and is not sent", async () => {
    await open("#/start?name=buy");
    await page.getByLabel("Input").fill('{\n "a": 1,,\n}');
    await page.getByText(/Line 2, column 9/).waitFor();
    expect(await page.getByRole("main").getByRole("button", { name: "Start", exact: true }).isDisabled()).toBe(true);
  });
});

describe("[U31] a failed one", () => {
  it("[U31.1] is rerun from a bar with edited input: what is kept, what is done again and what changes is said before, and the answer links to the new one", async () => {
    await ask(world, "POST workflows/dapr/buy/start?instanceID=buy-1", { card: 7, item: "pens", fail: true });
    await until(world, "GET workflows/dapr/buy-1", ({ body }) => body.runtimeStatus === "FAILED");
    await open("#/i/buy-1");
    // What a workflow has thrown is text.
    await page.getByText('card 7 was refused <img src=x onerror="alert(1)">').first().waitFor();
    const { body: timeline } = await ask(world, "GET workflows/dapr/buy-1/timeline");
    const charge = timeline.bars.find(({ name }: { name?: string }) => name === "charge");
    await goTo(world, page, `#/i/buy-1?bar=${charge.position}`);
    await page.getByRole("button", { name: "Rerun from here" }).click();
    const shown = page.getByRole(dialog.role);
    await shown.getByRole("heading", { name: "Rerun buy-1 from charge" }).waitFor();
    expect(await shown.locator(".plan").textContent()).toBe(
      "Keptreserve" + "Made againcharge" + "Not thereall that came later; raise later events again",
    );
    await shown.getByLabel("Input of charge").fill('{"card":8,"item":"pens","fail":false}');
    expect(await shown.locator(".difference [data-type=removed]").allTextContents()).toEqual([
      '−   "card": 7,\n',
      '−   "fail": true\n',
    ]);
    expect(await shown.locator(".difference [data-type=added]").allTextContents()).toEqual([
      '+   "card": 8,\n',
      '+   "fail": false\n',
    ]);
    await shown.getByLabel("ID of the new instance").fill("buy-2");
    await shown.getByLabel("Reason").fill("the right card");
    expect(await shown.locator(".terminal code").last().textContent()).toBe(
      `npx edge-workflows rerun --url ${world.origin} --event-id ${charge.id} --new-instance-id buy-2 --input '{"card":8,"item":"pens","fail":false}' --reason 'the right card' buy-1`,
    );
    await shown.getByRole("button", { name: "Rerun", exact: true }).click();
    await shown.getByRole("link", { name: "buy-2" }).click();
    await page.getByRole("heading", { name: "buy-2", level: 1 }).waitFor();
    await shown.waitFor({ state: "detached" });
    const { body } = await until(
      world,
      "GET workflows/dapr/buy-2",
      (asked) => asked.body.runtimeStatus === "COMPLETED",
    );
    expect(JSON.parse(body.properties["dapr.workflow.output"])).toEqual({
      reserved: "pens is reserved",
      paid: "card 8 was charged",
    });
  });

  it("[U31.2] that the server refuses to rewind, says why, and the dialog stays", async () => {
    await ask(world, "POST workflows/dapr/buy/start?instanceID=buy-3", { card: 7, item: "ink", fail: true });
    await until(world, "GET workflows/dapr/buy-3", ({ body }) => body.runtimeStatus === "FAILED");
    const { shown } = await act("#/i/buy-3", "Rewind");
    await ask(world, "POST workflows/dapr/buy-3/purge");
    await shown.getByRole("button", { name: "Rewind" }).click();
    await shown.getByRole("alert").getByText("ERR_INSTANCE_ID_NOT_FOUND").waitFor();
  });
});

describe("[U32] dialogs", () => {
  it("[U32.1] that lose something have the focus on the way back, say what becomes of children, and Esc gives the focus back", async () => {
    await ask(world, "POST workflows/dapr/family/start?instanceID=family-1");
    await until(world, "GET workflows/dapr/family-1?detail=full", ({ body }) => body.openChildren?.length === 1);
    const { shown } = await act("#/i/family-1", "Terminate");
    await shown.getByText("child (1 open)").waitFor();
    await expect
      .poll(() => shown.getByRole("button", { name: "Cancel" }).evaluate((one) => one === document.activeElement))
      .toBe(true);
    await shown.getByLabel("Leave the children").check();
    await shown.getByText("go on.").waitFor();
    expect(await shown.locator(".terminal code").first().textContent()).toContain("nonRecursive=true");
    await page.keyboard.press("Escape");
    await shown.waitFor({ state: "detached" });
    expect((await ask(world, "GET workflows/dapr/family-1")).body.runtimeStatus).toBe("RUNNING");
  });

  it("[U32.2] offer the queries and updates that its code has, and show what it answers", async () => {
    await ask(world, "POST workflows/dapr/chat/start?instanceID=chat-1");
    await until(world, "GET workflows/dapr/chat-1", ({ body }) => body.runtimeStatus === "RUNNING");
    const { shown } = await act("#/i/chat-1", "Update");
    await expect.poll(() => shown.getByRole("combobox", { name: "Update" }).inputValue()).toBe("say");
    await shown.getByLabel("Input").fill('"hello"');
    await shown.getByText("The command line has no command for this.").waitFor();
    await shown.getByRole("button", { name: "Update", exact: true }).click();
    await shown.getByText("has taken").waitFor();
    await shown.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Query" }).click();
    await expect.poll(() => page.getByRole("combobox", { name: "Query" }).inputValue()).toBe("said");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("dialog").getByText('"hello"').waitFor();
  });

  it("[U32.3] of a version offer those that are registered, the latest first", async () => {
    await ask(world, "POST workflows/dapr/bill/start?instanceID=bill-1");
    await until(world, "GET workflows/dapr/bill-1", ({ body }) => body.runtimeStatus === "RUNNING");
    const { shown } = await act("#/i/bill-1", "Change version");
    await shown.getByText("It runs bill in version v2.").waitFor();
    expect(await shown.getByLabel("Version").locator("option").allTextContents()).toEqual(["v1"]);
    await shown.getByRole("button", { name: "Change version" }).click();
    await shown.getByText("goes on with version v1").waitFor();
    await until(world, "GET workflows/dapr/bill-1?detail=full", ({ body }) => body.version === "v1");
  });

  it("[U32.4] purge after a reason, and lead back to the list", async () => {
    await ask(world, "POST workflows/dapr/rest/start?instanceID=rest-1", 86_400);
    const { shown } = await act("#/i/rest-1", "Purge");
    await shown.getByLabel("Force").check();
    await shown.getByLabel("Reason").fill("a mistake");
    await shown.getByRole("button", { name: "Purge for good" }).click();
    await shown.getByText("is gone").waitFor();
    expect((await ask(world, "GET workflows/dapr/rest-1")).status).toBe(404);
  });

  it.each([
    [320, "dark"],
    [1_280, "light"],
  ] as const)("[U32.5] are without a fault that axe finds, at %d px in %s", async (width, scheme) => {
    await ask(world, `POST workflows/dapr/chat/start?instanceID=chat-${width}`);
    await until(world, `GET workflows/dapr/chat-${width}`, ({ body }) => body.runtimeStatus === "RUNNING");
    await open(`#/i/chat-${width}`, { viewport: { width, height: 900 }, colorScheme: scheme });
    for (const action of ["Raise", "Pause", "Query", "Update", "Restart", "Cancel", "Terminate", "Purge"]) {
      await page.getByRole("button", { name: "Actions" }).click();
      await page.getByRole("menuitem", { name: action }).click();
      const shown = page.getByRole(dialog.role);
      await shown.waitFor();
      expect([action, await faultsOf(page)]).toEqual([action, []]);
      await page.keyboard.press("Escape");
      await shown.waitFor({ state: "detached" });
    }
  });
});
