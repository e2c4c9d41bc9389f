import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, raised, startedAs, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

const calls = (name: string) =>
  function* w(ctx: WorkflowContext): Code {
    return [ctx.getVersion(), yield ctx.callActivity(name)];
  };
const versions = (code: Record<string, TWorkflow>, latest?: string): Registry => {
  const registry = new Registry();
  for (const [version, workflow] of Object.entries(code))
    registry.addVersion("w", version, workflow, version === latest);
  return registry;
};
const started = (version?: string): HistoryEvent => ({ ...startedAs("w"), version }) as HistoryEvent;

/** What an instance with this history does with this code. */
async function resume(
  registry: Registry,
  history: readonly HistoryEvent[],
  firstTurnDone = true,
  onNonDeterminism?: "fail" | "stall",
): Promise<Orchestration> {
  return Orchestration.load("i", { registry, onNonDeterminism }, history, firstTurnDone);
}

describe("[T21] named versions", () => {
  it("[T21] an execution runs the version it was started with; one without runs what has none, else the latest", async () => {
    const registry = versions({ v1: calls("one"), v2: calls("two") }, "v2");
    const firstCall = async (version?: string) =>
      (await (await resume(registry, [started(version)], false)).turn([], T0)).activities[0]?.name;
    expect([await firstCall("v1"), await firstCall("v2"), await firstCall()]).toEqual(["one", "two", "two"]);
    registry.addWorkflow("w", calls("none"));
    expect(await firstCall()).toBe("none");
    expect(registry.latestVersion("w")).toBe("v2");
    expect(registry.latestVersion("nobody")).toBeUndefined();
    const orchestration = await resume(registry, [started("v1")], false);
    await orchestration.turn([], T0);
    expect(endOf(await orchestration.turn([completed(1, "ok")], T0))).toEqual(["v1", "ok"]);
  });

  it("[T21] names and versions are registered once, and one is the latest", () => {
    const registry = versions({ v1: calls("a") }, "v1");
    expect(() => registry.addVersion("w", "v1", calls("b"), false)).toThrow("A version 'v1' of 'w' already exists.");
    expect(() => registry.addVersion("w", "v2", calls("b"), true)).toThrow("The latest version of 'w' is 'v1' already");
    expect(() => registry.addVersion("w", "", calls("b"), false)).toThrow("A non-empty version is required.");
  });

  it("[T21] continue-as-new keeps the version, unless it asks for the latest", async () => {
    const again = (toLatestVersion: boolean) =>
      function* w(ctx: WorkflowContext): Code {
        ctx.continueAsNew(1, false, { toLatestVersion });
      };
    for (const [toLatest, version] of [
      [false, "v1"],
      [true, "v2"],
    ] as const) {
      const registry = versions({ v1: again(toLatest), v2: calls("b") }, "v2");
      const turn = await (await resume(registry, [started("v1")], false)).turn([], T0);
      expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", version });
    }
  });
});

describe("[T22] an execution that today's code cannot go on with is STALLED", () => {
  const stall = { reason: "VERSION_NOT_AVAILABLE", message: "Version not available: v1" };
  const old = versions({ v1: calls("a") });
  const later = versions({ v2: calls("b") }, "v2");

  it("[T22] a version that is gone: said once, nothing taken; it goes on when the version is back", async () => {
    const first = await (await resume(old, [started("v1")], false)).turn([], T0);
    const history = [started("v1"), ...first.events];
    const stalled = await resume(later, history);
    expect([stalled.hasUncommitted, stalled.stall]).toEqual([true, stall]);
    const turn = await stalled.turn([completed(1, 7)], T0 + 5);
    expect(turn).toMatchObject({ taken: 0, status: "STALLED", completion: undefined, activities: [], messages: [] });
    expect(turn.events).toEqual([{ type: "ExecutionStalled", timestampMs: T0 + 5, beforeFirstTurn: false, ...stall }]);
    history.push(...turn.events);
    const again = await resume(later, history);
    expect([again.hasUncommitted, again.status]).toEqual([false, "STALLED"]);
    expect((await again.turn([raised("e")], T0 + 6)).events).toEqual([]);
    const back = await resume(old, history);
    expect([back.hasUncommitted, back.stall]).toEqual([true, undefined]);
    const recovered = await back.turn([completed(1, 7)], T0 + 7);
    expect(recovered.events.map((event) => event.type)).toEqual([
      "ExecutionUnstalled",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
    expect(endOf(recovered)).toEqual(["v1", 7]);
    history.push({ type: "ExecutionUnstalled", timestampMs: T0 + 7 });
    expect((await resume(old, history)).hasUncommitted).toBe(false);
    expect((await resume(later, history)).hasUncommitted).toBe(true);
  });

  it("[T22] an instance without a version, when none is the latest", async () => {
    const turn = await (await resume(old, [started()], false)).turn([], T0);
    expect(turn.events).toMatchObject([{ message: "Version not available: none is registered as the latest" }]);
  });

  it("[T22] before the first turn too: the code has seen nothing then", async () => {
    const turn = await (await resume(later, [], false)).turn([started("v1"), raised("e")], T0);
    expect([turn.taken, turn.status]).toEqual([1, "STALLED"]);
    expect(turn.events).toMatchObject([
      { type: "ExecutionStarted" },
      { type: "ExecutionStalled", beforeFirstTurn: true },
    ]);
    const recovered = await (await resume(old, turn.events)).turn([], T0);
    expect(recovered.activities).toMatchObject([{ name: "a" }]);
  });

  it("[T22] code that does something else than its history says stalls, or fails where that is wished", async () => {
    const first = await (await resume(old, [started("v1")], false)).turn([], T0);
    const history = [started("v1"), ...first.events];
    const changed = versions({ v1: calls("z") });
    expect((await (await resume(changed, history, true, "fail")).turn([], T0)).status).toBe("FAILED");
    const stalled = await resume(changed, history);
    expect(stalled.stall).toEqual({
      reason: "NON_DETERMINISM",
      message: expect.stringMatching(/the history: callActivity 'a' #1; the code: callActivity 'z' #1\]$/),
    });
    expect((await stalled.turn([], T0)).status).toBe("STALLED");
  });
});

describe("[T22] a workflow that is not registered any more", () => {
  const registry = versions({ v1: calls("a") });
  const gone = new Registry();
  const message = expect.stringMatching(/^Orchestrator 'w' does not exist/);

  it("[T22] an instance that has begun stalls, whatever its version; a new one fails, as in Dapr", async () => {
    const first = await (await resume(registry, [started("v1")], false)).turn([], T0);
    const history = [started("v1"), ...first.events];
    const turn = await (await resume(gone, history)).turn([completed(1, 7)], T0);
    const stall = { type: "ExecutionStalled", reason: "WORKFLOW_NOT_REGISTERED", message, beforeFirstTurn: false };
    expect([turn.status, turn.taken, turn.events]).toEqual(["STALLED", 0, [{ ...stall, timestampMs: T0 }]]);
    // Other text, same reason: nothing is recorded twice as long as both stay.
    history.push(...turn.events);
    expect((await resume(gone, history)).hasUncommitted).toBe(false);
    expect(endOf(await (await resume(registry, history)).turn([completed(1, 7)], T0))).toEqual(["v1", 7]);
    const fresh = await (await resume(gone, [started("v1")], false)).turn([], T0);
    expect(fresh.completion).toMatchObject({
      type: "Failed",
      failure: { errorType: "OrchestratorNotRegisteredError" },
    });
    const asInDapr = await (await resume(gone, history, true, "fail")).turn([], T0);
    expect(asInDapr.status).toBe("FAILED");
  });

  it("[T22] a later generation that has not begun stalls, too, and begins when its code is back", async () => {
    const second = { ...started("v1"), generation: 1 } as HistoryEvent;
    const turn = await (await resume(gone, [second], false)).turn([], T0);
    expect(turn.events).toMatchObject([{ reason: "WORKFLOW_NOT_REGISTERED", beforeFirstTurn: true }]);
    const back = await (await resume(registry, [second, ...turn.events], true)).turn([], T0);
    expect([back.status, back.activities.length]).toEqual(["RUNNING", 1]);
  });

  it("[T22] a terminate without the code ends a stalled execution, and says nothing of code that fits", async () => {
    const first = await (await resume(registry, [started("v1")], false)).turn([], T0);
    const stalled = await (await resume(gone, [started("v1"), ...first.events])).turn([], T0);
    const history = [started("v1"), ...first.events, ...stalled.events];
    const withoutCode = await Orchestration.load("i", undefined, history, true);
    const turn = await withoutCode.turn([{ type: "ExecutionTerminated", recursive: true }], T0);
    expect(turn.events.map(({ type }) => type)).toEqual(["ExecutionTerminated", "ExecutionCompleted"]);
  });
});

describe("[T23] patches", () => {
  /** Waits for `a`, then the place of the patch, then for `b`. */
  const code = (...patches: string[]) =>
    function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      const ways = patches.map((patch) => ctx.isPatched(patch));
      expect(patches.map((patch) => ctx.isPatched(patch))).toEqual(ways);
      yield ctx.callActivity("b");
      return ways;
    };

  it("[T23] true where it is first come to live, recorded in order, and the same in every replay", async () => {
    const driver = new Driver(code("p1", "p2"));
    await driver.turn();
    expect((await driver.turn(completed(1))).events).toMatchObject([
      { type: "TaskCompleted" },
      { type: "PatchRecorded", name: "p1" },
      { type: "PatchRecorded", name: "p2" },
      { type: "TaskScheduled", name: "b" },
    ]);
    expect(endOf(await driver.turn(completed(2)))).toEqual([true, true]);
  });

  it("[T23] false for an execution that had passed the place before", async () => {
    const driver = new Driver(code());
    await driver.turn();
    await driver.turn(completed(1));
    const registry = new Registry();
    registry.addWorkflow("w", code("p1"));
    const turn = await (await resume(registry, driver.history)).turn([completed(2)], T0);
    expect(endOf(turn)).toEqual([false]);
    expect(turn.events.map((event) => event.type)).toEqual(["TaskCompleted", "ExecutionCompleted"]);
  });

  it("[T23] code that does not come by the recorded patches, in their order, stalls with Dapr's text", async () => {
    const driver = new Driver(code("p1", "p2"));
    await driver.turn();
    await driver.turn(completed(1));
    const stallOf = async (...patches: string[]) => {
      const registry = new Registry();
      registry.addWorkflow("w", code(...patches));
      return (await resume(registry, driver.history)).stall;
    };
    const mismatch = (current: string) => ({
      reason: "PATCH_MISMATCH",
      message: `Patch mismatch. History patches: [p1, p2], current patches: [${current}]. `,
    });
    expect(await stallOf()).toEqual(mismatch(""));
    expect(await stallOf("p2", "p1")).toEqual(mismatch("p2, p1"));
    expect(await stallOf("p1", "p2", "p3")).toBeUndefined();
  });
});

describe("[T39] an execution is put on another version", () => {
  const changed = (version: string, timestampMs = T0 + 3): HistoryEvent => ({
    type: "ExecutionVersionChanged",
    timestampMs,
    version,
  });

  it("[T39] that version's code is run over the history, goes on, and is told which one it is", async () => {
    const first = await (await resume(versions({ v1: calls("a") }), [started("v1")], false)).turn([], T0);
    const both = versions({ v1: calls("a"), v2: calls("a") });
    const execution = await resume(both, [started("v1"), ...first.events, changed("v2")]);
    expect([execution.status, execution.hasUncommitted, execution.stall]).toEqual(["RUNNING", false, undefined]);
    expect(endOf(await execution.turn([completed(1, 7)], T0 + 4))).toEqual(["v2", 7]);
  });

  it("[T39] the last one counts, and it is where a continue-as-new stays", async () => {
    function* again(ctx: WorkflowContext): Code {
      ctx.continueAsNew();
    }
    const registry = versions({ v1: calls("a"), v2: calls("a"), v3: again });
    const history = [started("v1"), changed("v2"), changed("v3")];
    const turn = await (await resume(registry, history, false)).turn([], T0 + 4);
    expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", version: "v3" });
  });

  it("[T39] one that does not fit stalls", async () => {
    const first = await (await resume(versions({ v1: calls("a") }), [started("v1")], false)).turn([], T0);
    const registry = versions({ v1: calls("a"), v2: calls("b") });
    const execution = await resume(registry, [started("v1"), ...first.events, changed("v2")]);
    expect(execution.stall).toMatchObject({ reason: "NON_DETERMINISM" });
  });

  it("[T39] a stalled one goes on; one that stalls again says so again", async () => {
    const later = versions({ v2: calls("a") }, "v2");
    const first = await (await resume(versions({ v1: calls("a") }), [started("v1")], false)).turn([], T0);
    const stall = await (await resume(later, [started("v1"), ...first.events])).turn([], T0 + 1);
    const history = [started("v1"), ...first.events, ...stall.events];
    const back = await resume(later, [...history, changed("v2")]);
    expect([back.status, back.hasUncommitted]).toEqual(["STALLED", true]);
    expect((await back.turn([completed(1, 7)], T0 + 4)).events.map(({ type }) => type)).toEqual([
      "ExecutionUnstalled",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
    const gone = versions({ v3: calls("a") });
    const still = await resume(gone, [...history, changed("v2")]);
    expect((await still.turn([], T0 + 4)).events).toMatchObject([
      { type: "ExecutionStalled", message: "Version not available: v2" },
    ]);
  });

  it("[T39] one that does not fit in the same way says so once more, for that version", async () => {
    const first = await (await resume(versions({ v1: calls("a") }), [started("v1")], false)).turn([], T0);
    const misfits = versions({ v1: calls("b"), v2: calls("b") });
    const history = [started("v1"), ...first.events];
    history.push(...(await (await resume(misfits, history)).turn([], T0 + 1)).events);
    expect((await resume(misfits, history)).hasUncommitted).toBe(false);
    const { events } = await (await resume(misfits, [...history, changed("v2")])).turn([], T0 + 4);
    expect(events.map(({ type }) => type)).toEqual(["ExecutionStalled"]);
  });

  it("[T39] before its first turn too, which is a first one still", async () => {
    const registry = versions({ v2: calls("a") });
    const stalled = await (await resume(registry, [started("v1")], false)).turn([], T0);
    const execution = await resume(registry, [started("v1"), ...stalled.events, changed("v2")]);
    const turn = await execution.turn([], T0 + 4);
    expect(turn.events.map(({ type }) => type)).toEqual(["ExecutionUnstalled", "TaskScheduled"]);
  });
});
