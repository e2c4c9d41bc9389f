// The samples of src/samples, to their documented results.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { StateStore } from "../../src/authoring/state-store.ts";
import { takeFromStock } from "../../src/samples/inventory.ts";
import { EVENTS } from "../../src/storage/history-table.ts";
import { INSTANCE } from "../rows.ts";
import {
  ended,
  expectSoundHistory,
  historyOf,
  newId,
  outputOf,
  query,
  raise,
  remainsOf,
  run,
  start,
  stateOf,
  stubOf,
} from "./support.ts";

const { STATE_STORE } = workerEnv as unknown as { STATE_STORE: DurableObjectNamespace<StateStore> };

const customStatusOf = async (id: string) => (await stateOf(id)).properties?.["dapr.workflow.custom_status"];

/** What the inventory has of an item; undefined as long as none of it has been sold. */
async function stockOf(itemName: string): Promise<number | undefined> {
  const [saved] = await STATE_STORE.getByName("inventory").get([`item:${itemName}`]);
  return saved === undefined ? undefined : (JSON.parse(saved) as { quantity: number }).quantity;
}

async function activitiesOf(id: string): Promise<unknown[]> {
  const rows = await query(id, `SELECT name FROM ${EVENTS.instance} WHERE type = 'TaskScheduled' ORDER BY seq`);
  return rows.map((row) => row.name);
}

describe("[W3] order processing", () => {
  afterEach(() => void vi.useRealTimers());

  const order = (itemName: string, totalCost: number, quantity: number) => ({ itemName, totalCost, quantity });

  it("[W3.1] a cheap order is processed without an approval, and the stock goes down", async () => {
    const before = (await stockOf("paperclip")) ?? 10_000;
    const id = await start("orderProcessingWorkflow", order("paperclip", 50, 10));
    expect(await outputOf(id)).toEqual({ processed: true });
    expect(await activitiesOf(id)).toEqual([
      "notify",
      "verifyInventory",
      "processPayment",
      "updateInventory",
      "notify",
    ]);
    expect(await stockOf("paperclip")).toBe(before - 10);
    expect(await customStatusOf(id)).toBe("");
  });

  it("[W3.2] exactly 5,000 needs no approval", async () => {
    expect(await run("orderProcessingWorkflow", order("car", 5000, 1))).toEqual({ processed: true });
    expect(await stockOf("car")).toBe(999);
  });

  it.each([
    ["a yes", true],
    ["any other payload", { approvedBy: "Ada" }],
  ])("[W3.3] above 5,000 it waits for approval_event, and goes on with %s", async (_what, payload) => {
    const before = (await stockOf("computer")) ?? 100;
    const id = await start("orderProcessingWorkflow", order("computer", 5500, 11));
    expect(await customStatusOf(id)).toBe("waiting for approval");
    expect((await stateOf(id)).runtimeStatus).toBe("RUNNING");
    await raise(id, "Approval_Event", payload);
    expect(await outputOf(id)).toEqual({ processed: true });
    expect(await customStatusOf(id)).toBe("approved");
    expect(await stockOf("computer")).toBe(before - 11);
    await expectSoundHistory(id);
    expect((await remainsOf(id)).alarm).toBeNull();
  });

  it("[W3.4] a refused order takes neither money nor goods", async () => {
    const before = await stockOf("computer");
    const id = await start("orderProcessingWorkflow", order("computer", 5500, 11));
    await raise(id, "approval_event", false);
    expect(await outputOf(id)).toEqual({ processed: false });
    expect(await customStatusOf(id)).toBe("refused");
    expect(await activitiesOf(id)).not.toContain("processPayment");
    expect(await stockOf("computer")).toBe(before);
  });

  it("[W3.5] an approval that does not come within 30 seconds", async () => {
    const id = await start("orderProcessingWorkflow", order("computer", 5500, 11));
    await stateOf(id);
    const { alarm } = await remainsOf(id);
    expect(Number(alarm) - Date.now()).toBeGreaterThan(29_000);
    expect(Number(alarm) - Date.now()).toBeLessThanOrEqual(30_000);
    // The platform's scheduler keeps real time: the test rings the bell, and the object believes its clock.
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Number(alarm) - 1);
    expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    expect((await stateOf(id)).runtimeStatus).toBe("RUNNING");
    vi.setSystemTime(Number(alarm));
    expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    expect(await outputOf(id)).toEqual({ processed: false });
    expect(await customStatusOf(id)).toBe("approval timed out");
    expect((await historyOf(id)).filter((event) => event.startsWith("TimerFired"))).toHaveLength(1);
    expect((await remainsOf(id)).alarm).toBeNull();
  });

  it("[W3.6] an approval after the timeout changes nothing", async () => {
    const id = await start("orderProcessingWorkflow", order("computer", 5500, 11));
    await stateOf(id);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 30_001);
    await runDurableObjectAlarm(stubOf(id));
    const state = await ended(id);
    await raise(id, "approval_event", true);
    expect(await stateOf(id)).toEqual(state);
  });

  it.each([
    ["more than there is", order("computer", 50_000, 101)],
    ["an item that the shop does not have", order("unicorn", 1, 1)],
  ])("[W3.7] %s is not sold", async (_what, input) => {
    const before = await stockOf(input.itemName);
    const id = await start("orderProcessingWorkflow", input);
    expect(await outputOf(id)).toEqual({ processed: false });
    expect(await activitiesOf(id)).toEqual(["notify", "verifyInventory", "notify"]);
    expect(await stockOf(input.itemName)).toBe(before);
  });

  it("[W3.8] the same sale counts once, however often its activity runs", async () => {
    expect(await run("orderProcessingWorkflow", order("paperclip", 5, 1))).toEqual({ processed: true });
    const before = Number(await stockOf("paperclip"));
    const sale = newId("sale");
    const results = await Promise.all([1, 2, 3].map(() => takeFromStock("paperclip", 7, sale)));
    expect(results).toEqual([true, true, true]);
    expect(await takeFromStock("paperclip", 7, sale)).toBe(true);
    expect(await stockOf("paperclip")).toBe(before - 7);
  });

  it("[W3.9] orders at the same time for the last goods: no more is sold than there is, the rest is refunded", async () => {
    const left = Number(await stockOf("computer"));
    const orders = await Promise.all([1, 2, 3].map(() => start("orderProcessingWorkflow", order("computer", 1, left))));
    const outputs = await Promise.all(orders.map((id) => outputOf(id)));
    expect(outputs.filter((output) => (output as { processed: boolean }).processed)).toHaveLength(1);
    expect(await stockOf("computer")).toBe(0);
    for (const [n, id] of orders.entries()) {
      const called = await activitiesOf(id);
      const sold = (outputs[n] as { processed: boolean }).processed;
      expect(called.includes("refundPayment")).toBe(!sold && called.includes("processPayment"));
    }
  });
});

describe("[W3] the patterns", () => {
  it("[W3.20] chaining", async () => {
    expect(await run("chaining", "Ada")).toBe("*** HELLO, ADA ***");
  });

  it("[W3.21] fan-out and fan-in, also over nothing and over many", async () => {
    expect(await run("fanOutFanIn", ["a b c", "", " d  e "])).toBe(5);
    expect(await run("fanOutFanIn", [])).toBe(0);
    const id = await start(
      "fanOutFanIn",
      Array.from({ length: 200 }, () => "one two"),
    );
    expect(await outputOf(id)).toBe(400);
    await expectSoundHistory(id);
  });

  it("[W3.22] monitor: a new execution for each check, the status of the last one stays", async () => {
    const id = await start("monitor", { checksLeft: 3, intervalSeconds: 0.02 });
    expect(await outputOf(id)).toBe("healthy");
    expect((await stateOf(id)).properties).toEqual({
      "dapr.workflow.input": '{"checksLeft":1,"intervalSeconds":0.02}',
      "dapr.workflow.output": '"healthy"',
      "dapr.workflow.custom_status": "healthy, 1 checks left",
    });
    expect(await query(id, `SELECT generation FROM ${INSTANCE}`)).toEqual([{ generation: 2 }]);
    expect(await historyOf(id)).toEqual([
      "ExecutionStarted",
      "TaskScheduled 1",
      "TaskCompleted 1",
      "ExecutionCompleted",
    ]);
  });

  it("[W3.23] human interaction: an answer, or none", async () => {
    const asked = await start("humanInteraction", { question: "Tea?", timeoutSeconds: 60 });
    expect(await customStatusOf(asked)).toBe("Tea?");
    await raise(asked, "answer", { milk: false });
    expect(await outputOf(asked)).toEqual({ milk: false });
    expect(await run("humanInteraction", { question: "Coffee?", timeoutSeconds: 0.1 })).toBe("no answer");
  });

  it("[W3.24] child workflows: each an instance of its own, that can be asked for its state", async () => {
    const id = await start("childWorkflows", ["Ada", "Grace"]);
    expect(await outputOf(id)).toEqual(["*** HELLO, ADA ***", "*** HELLO, GRACE ***"]);
    expect(await outputOf(`${id}:0002`)).toBe("*** HELLO, GRACE ***");
    expect((await stateOf(`${id}:0001`)).workflowName).toBe("chaining");
  });

  it("[W3.25] saga: all booked, or those before the failure taken back, the last first", async () => {
    const places = ["hotel", "flight", "car"];
    expect(await run("saga", { places })).toEqual({ booked: places, cancelled: [] });
    const id = await start("saga", { places, failAt: "car" });
    expect(await outputOf(id)).toEqual({
      booked: [],
      cancelled: ["flight", "hotel"],
      reason: expect.stringContaining("car is fully booked"),
    });
  });

  it("[W3.26] travel booking: all is booked, or all that was begun is taken back, and nothing is left to do", async () => {
    const places = ["flight", "hotel", "car"];
    expect(await run("travelBooking", { places })).toEqual(places);
    const id = await start("travelBooking", { places, failAt: "flight" });
    const { runtimeStatus, properties } = await ended(id);
    expect([runtimeStatus, properties?.["dapr.workflow.failure.error_message"]]).toEqual([
      "FAILED",
      expect.stringContaining("flight is fully booked"),
    ]);
    const called = await activitiesOf(id);
    const booked = called.filter((name) => name === "book");
    expect(booked.length).toBeGreaterThan(0);
    expect(called).toEqual([...booked, ...booked.map(() => "cancelBooking")]);
    expect((await remainsOf(id)).alarm).toBeNull();
  });
});
