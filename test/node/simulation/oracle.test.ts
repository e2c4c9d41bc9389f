// [V7] The checkers of the simulation see what they look for. Each is shown a sound state, of which it says nothing, and the
// same one with one thing broken: a checker that has stopped to look would keep every simulation green.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Instance } from "../../../src/instance/instance.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { toStored } from "../../../src/storage/history-row.ts";
import { insertEvents } from "../../../src/storage/history-table.ts";
import { createOtherTables } from "../../../src/storage/schema.ts";
import { plainTexts } from "../../../src/storage/vault.ts";
import type { Host } from "../instance/host.ts";
import { type Code, makeWorld, purge, raise, start } from "../instance/support.ts";
import { World } from "../instance/world.ts";
import { Client } from "./client.ts";
import { LimitsChance } from "./limits.ts";
import { faultsOfOutput } from "./model.ts";
import { type Asked, faultsAtEnd } from "./oracle.ts";
import type { Leaf, Operation, Plan, Program, Step } from "./plan.ts";
import { deploy, type Output, registerActivities, stateOf } from "./program.ts";
import { simulate } from "./run.ts";
import { type Lineage, Watch } from "./watch.ts";
import { WebhookWatch } from "./webhooks.ts";

afterEach(() => void vi.restoreAllMocks());

/** Writes the history anew, one event in each row. With no change nothing is different for any checker. */
function rewrite(host: Host, change: (events: HistoryEvent[]) => readonly HistoryEvent[] = (events) => events): void {
  const events = change(host.history());
  host.db.tamper("DELETE FROM instance WHERE seq >= 0");
  const stored = events.map((event) => toStored(event, plainTexts));
  insertEvents(host.db.port(), "instance", stored, 0, false);
  host.db.commit();
  const end = events.findIndex((event) => event.type === "ExecutionCompleted");
  const patch = JSON.stringify({ completedSeq: end === -1 ? null : end });
  host.db.tamper("UPDATE instance SET detail = json_patch(detail, ?) WHERE seq = -1", patch);
}

/** Changes the first event of a type. */
function alter<Type extends HistoryEvent["type"]>(
  host: Host,
  type: Type,
  change: Partial<Extract<HistoryEvent, { type: Type }>>,
): void {
  rewrite(host, (events) => {
    const at = events.findIndex((event) => event.type === type);
    if (at === -1) throw new Error(`There is no ${type}`);
    return events.with(at, { ...(events[at] as HistoryEvent), ...change });
  });
}

/** Puts the first event of a type there once more, behind itself. */
function repeat(host: Host, type: HistoryEvent["type"]): void {
  rewrite(host, (events) => {
    const at = events.findIndex((event) => event.type === type);
    return events.toSpliced(at, 0, events[at] as HistoryEvent);
  });
}

/** What has been received and not been taken yet. */
function receive(host: Host, type: string, detail?: unknown): void {
  if (!host.db.hasTable("inbox")) createOtherTables(host.db.port());
  host.db.commit();
  host.db.tamper("INSERT INTO inbox (type, detail) VALUES (?, ?)", type, detail ? JSON.stringify(detail) : null);
}

function setAlarm(host: Host): void {
  host.durableAlarm = host.alarm = { atMs: 0, ringsAtMs: Number.MAX_SAFE_INTEGER };
}

function loseAlarm(host: Host): void {
  expect(host.durableAlarm).not.toBeNull();
  host.durableAlarm = null;
}

// The watch.

interface Watched {
  readonly world: World;
  readonly host: Host;
  readonly watch: Watch;
}

interface WatchRow {
  readonly rule: "P4" | "P6" | "P8" | "P9" | "P11" | "P13";
  readonly title: string;
  /** A sound state of the instance `a`. */
  readonly make: (watched: Watched) => Promise<unknown>;
  readonly look: (watched: Watched) => void;
  readonly spoil: (watched: Watched) => unknown;
  readonly says: string | RegExp | undefined;
}

const committed = ({ watch }: Watched) => watch.at("committed", "a");
const activity = ({ watch }: Watched) => watch.at("activity", "a");
const acknowledged =
  (key: string) =>
  ({ watch }: Watched) =>
    watch.acknowledged("a", key);

/** Waits for an event, which nothing but a call can bring: it needs no alarm. */
const waiting = ({ world }: Watched) => start(world, "a", "event", "go");
const ended = ({ world }: Watched) => start(world, "a", "call", { activity: "echo", input: 1 });
const withEvent = async (watched: Watched) => {
  await waiting(watched);
  await raise(watched.world, "a", "other", 1, "m1");
};
const withInbox =
  (type: string, detail?: unknown) =>
  async ({ host, ...watched }: Watched) => {
    await waiting({ host, ...watched });
    receive(host, type, detail);
    setAlarm(host);
  };
/** The execution before took an event of a client and one of an instance; this one only knows that it did. */
const continued = async ({ world }: Watched) => {
  world.workflow("again", function* (ctx, isSecond: boolean): Code {
    if (isSecond) return yield ctx.waitForExternalEvent("never");
    for (const n of [1, 2]) {
      ctx.sendEvent("a", "mine", n);
      yield ctx.waitForExternalEvent("mine");
    }
    yield ctx.waitForExternalEvent("go");
    ctx.continueAsNew(true, false);
  });
  await start(world, "a", "again", false);
  await raise(world, "a", "go", 1, "m1");
};
const forgetMessages = ({ host }: Watched) => alter(host, "ExecutionStarted", { recentMessages: undefined });
const emptyInbox = ({ host }: Watched) => host.db.tamper("DELETE FROM inbox");
const withoutAlarm = (status: string) => new RegExp(`^a: \\{"status":"${status}".*\\} and no alarm at \\d+$`);

const watchRows: readonly WatchRow[] = [
  {
    rule: "P4",
    title: "an acknowledged event is gone from the inbox",
    make: withInbox("EventRaised", { messageId: "m1" }),
    look: acknowledged("m1"),
    spoil: emptyInbox,
    says: "a: m1 was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "an acknowledged event is gone from the history",
    make: withEvent,
    look: acknowledged("m1"),
    spoil: ({ host }) => rewrite(host, (events) => events.filter(({ type }) => type !== "EventRaised")),
    says: "a: m1 was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "an acknowledged terminate is gone",
    make: withInbox("ExecutionTerminated"),
    look: acknowledged("ExecutionTerminated"),
    spoil: emptyInbox,
    says: "a: ExecutionTerminated was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "an acknowledged cancel is gone",
    make: withInbox("ExecutionCancelRequested"),
    look: acknowledged("ExecutionCancelRequested"),
    spoil: emptyInbox,
    says: "a: ExecutionCancelRequested was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "an acknowledged event may be missing where all has ended",
    make: ended,
    look: acknowledged("m1"),
    spoil: ({ host }) => host.db.tamper("UPDATE instance SET type = 'RUNNING' WHERE seq = -1"),
    says: "a: m1 was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "a continue-as-new has forgotten what a client raised",
    make: continued,
    look: acknowledged("m1"),
    spoil: forgetMessages,
    says: "a: m1 was acknowledged and is nowhere",
  },
  {
    rule: "P4",
    title: "a continue-as-new has forgotten what an instance raised",
    make: continued,
    look: acknowledged("execution-1:1"),
    spoil: forgetMessages,
    says: "a: execution-1:1 was acknowledged and is nowhere",
  },
  ...[
    ["EventRaised", { messageId: "m1" }, "m1"] as const,
    ["ExecutionTerminated", undefined, "ExecutionTerminated"] as const,
    ["ExecutionCancelRequested", undefined, "ExecutionCancelRequested"] as const,
  ].map(
    ([type, detail, key]): WatchRow => ({
      rule: "P4",
      title: `an accepted ${type} is gone at a later commit`,
      make: withInbox(type, detail),
      look: committed,
      spoil: emptyInbox,
      says: `a: ${key} was accepted and is nowhere any more`,
    }),
  ),
  {
    rule: "P6",
    title: "a scheduled start without an alarm",
    make: ({ world }) => start(world, "a", "event", "go", { startAtMs: world.nowMs + 1_000 }),
    look: committed,
    spoil: ({ host }) => loseAlarm(host),
    says: withoutAlarm("PENDING"),
  },
  // Nothing else of them is left to be done.
  ...["PENDING", "STALLED"].map(
    (status): WatchRow => ({
      rule: "P6",
      title: `${status} without an alarm`,
      make: async (watched) => {
        await waiting(watched);
        watched.host.db.tamper("UPDATE instance SET type = ? WHERE seq = -1", status);
        setAlarm(watched.host);
      },
      look: committed,
      spoil: ({ host }) => loseAlarm(host),
      says: withoutAlarm(status),
    }),
  ),
  {
    rule: "P6",
    title: "an open activity without an alarm",
    make: ({ world }) => start(world, "a", "call", { activity: "slow", input: 1_000 }),
    look: committed,
    spoil: ({ host }) => loseAlarm(host),
    says: withoutAlarm("RUNNING"),
  },
  {
    rule: "P6",
    title: "an open timer without an alarm",
    make: ({ world }) => start(world, "a", "timer", 1),
    look: committed,
    spoil: ({ host }) => loseAlarm(host),
    says: withoutAlarm("RUNNING"),
  },
  {
    rule: "P6",
    title: "an inbox that is not empty, without an alarm",
    make: withInbox("ExecutionSuspended"),
    look: committed,
    spoil: ({ host }) => loseAlarm(host),
    says: withoutAlarm("RUNNING"),
  },
  {
    rule: "P6",
    title: "an ended one with a message to deliver, without an alarm",
    make: async ({ world }) => {
      world.peerFault = () => "unreachable";
      world.workflow("announce", (ctx) => void ctx.scheduleNewWorkflow("echo", 1, { instanceId: "b" }));
      await start(world, "a", "announce");
    },
    look: committed,
    spoil: ({ host }) => loseAlarm(host),
    says: withoutAlarm("COMPLETED"),
  },
  {
    rule: "P6",
    title: "one whose calls are all answered needs no alarm, and may have one",
    make: async ({ world }) => {
      world.workflow("main", function* (ctx): Code {
        yield ctx.callActivity("echo", 1);
        yield ctx.createTimer(1);
        try {
          yield ctx.callActivity("fail");
        } catch {
          yield ctx.waitForExternalEvent("go");
        }
      });
      await start(world, "a", "main");
      await world.rest();
    },
    look: committed,
    spoil: ({ host }) => {
      expect(host.durableAlarm).toBeNull();
      setAlarm(host);
    },
    says: undefined,
  },
  {
    rule: "P6",
    title: "an alarm that the platform has dropped is not the instance's fault",
    make: async ({ world, host }) => {
      await start(world, "a", "timer", 1);
      loseAlarm(host);
      host.hasLostAlarm = true;
    },
    look: committed,
    spoil: ({ host }) => {
      host.hasLostAlarm = false;
    },
    says: withoutAlarm("RUNNING"),
  },
  {
    rule: "P8",
    title: "an event has another detail",
    make: withEvent,
    look: committed,
    spoil: ({ host }) => alter(host, "ExecutionStarted", { traceparent: "another" }),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "an event has another number",
    make: ended,
    look: committed,
    spoil: ({ host }) => alter(host, "TaskCompleted", { id: 2 }),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "an event has another payload",
    make: ended,
    look: committed,
    spoil: ({ host }) => alter(host, "TaskCompleted", { result: '"another"' }),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "an event has another time",
    make: ended,
    look: committed,
    spoil: ({ host }) => alter(host, "TaskCompleted", { timestampMs: 1 }),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "an event has another name",
    make: ended,
    look: committed,
    spoil: ({ host }) => alter(host, "TaskScheduled", { name: "another" }),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "the last event is gone",
    make: ended,
    look: committed,
    spoil: ({ host }) => rewrite(host, (events) => events.slice(0, -1)),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "two events have changed places",
    make: ended,
    look: committed,
    spoil: ({ host }) => rewrite(host, ([started, ...events]) => [started as HistoryEvent, ...events.reverse()]),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "an event that shares a row has changed",
    make: ended,
    look: committed,
    spoil: ({ host }) =>
      host.db.tamper(
        "UPDATE instance SET payload = replace(payload, 'TaskCompleted', 'TaskFailed') WHERE payload <> ''",
      ),
    says: "a: the history has become another",
  },
  {
    rule: "P8",
    title: "the same events in other rows are the same history",
    make: withEvent,
    look: committed,
    spoil: ({ host }) => rewrite(host),
    says: undefined,
  },
  ...["COMPLETED", "FAILED", "CANCELED", "TERMINATED"].map(
    (status): WatchRow => ({
      rule: "P9",
      title: `${status} has become something else`,
      make: async (watched) => {
        await waiting(watched);
        watched.host.db.tamper("UPDATE instance SET type = ? WHERE seq = -1", status);
      },
      look: committed,
      spoil: ({ host }) => host.db.tamper("UPDATE instance SET type = 'RUNNING' WHERE seq = -1"),
      says: `a: ${status} has become RUNNING`,
    }),
  ),
  {
    rule: "P9",
    title: "another execution may have another status and another history",
    make: ended,
    look: committed,
    spoil: waiting,
    says: undefined,
  },
  {
    rule: "P11",
    title: "a purge has left the alarm",
    make: async (watched) => {
      watched.watch.purgeBegins();
      await ended(watched);
      await purge(watched.world, "a");
    },
    look: committed,
    spoil: ({ host }) => setAlarm(host),
    says: "a: nothing is left but an alarm",
  },
  {
    rule: "P11",
    title: "an instance is gone that nobody has purged",
    make: ended,
    look: committed,
    spoil: ({ host }) => host.db.tamper("DELETE FROM instance"),
    says: "a: is gone, and nobody has purged it",
  },
  {
    rule: "P11",
    title: "a call of any execution of a purged instance runs, whoever has the ID since",
    make: async (watched) => {
      const { world } = watched;
      watched.watch.purgeBegins();
      world.workflow("again", function* (ctx, isSecond: boolean): Code {
        if (isSecond) return;
        yield ctx.callActivity("echo", 1);
        yield ctx.waitForExternalEvent("go");
        ctx.continueAsNew(true, false);
      });
      await start(world, "a", "again", false);
      await raise(world, "a", "go");
      await purge(world, "a");
      await waiting(watched);
    },
    look: committed,
    spoil: (watched) => {
      watched.host.counters.lives++;
      activity(watched);
    },
    says: "a: execution-1:1 runs though its instance has been purged",
  },
  {
    rule: "P11",
    title: "a call runs while the purge goes to disk",
    make: ended,
    look: () => undefined,
    spoil: (watched) => {
      watched.host.counters.lives++;
      watched.host.db.dropAll();
      activity(watched);
    },
    says: "a: execution-1:1 runs though its instance has been purged",
  },
  {
    rule: "P13",
    title: "a call runs twice in one life",
    make: ({ world }) => start(world, "a", "call", { activity: "slow", input: 1_000 }),
    look: committed,
    spoil: activity,
    says: "a: execution-1:1 runs twice in one life",
  },
  {
    rule: "P13",
    title: "a call may run again in another life, and after a purge by force that has let go of it",
    make: async ({ world }) => {
      await start(world, "a", "call", { activity: "slow", input: 1_000 });
      world.crash("a");
      await world.advance(1_500);
      expect(world.activityRuns).toEqual(["execution-1:1", "execution-1:1"]);
    },
    look: committed,
    spoil: (watched) => {
      watched.watch.purgeByForceBegins();
      activity(watched);
    },
    says: undefined,
  },
  {
    rule: "P13",
    title: "a call runs though its result is recorded",
    make: ended,
    look: committed,
    spoil: (watched) => {
      watched.host.counters.lives++;
      activity(watched);
    },
    says: "a: execution-1:1 runs though its result is recorded",
  },
  {
    rule: "P13",
    title: "a call runs though its failure is recorded",
    make: ({ world }) => start(world, "a", "call", { activity: "fail", input: 1 }),
    look: committed,
    spoil: (watched) => {
      watched.host.counters.lives++;
      activity(watched);
    },
    says: "a: execution-1:1 runs though its result is recorded",
  },
  {
    rule: "P13",
    title: "a call of a run that is over runs, and another one has its ID",
    make: async (watched) => {
      await ended(watched);
      await ended(watched);
    },
    look: committed,
    spoil: (watched) => {
      watched.host.counters.lives++;
      watched.world.activityRuns.push("execution-1:1");
      activity(watched);
    },
    says: "a: execution-1:1 runs though another run has its place",
  },
];

describe("[V7] at every moment", () => {
  it.each(watchRows)("[V7.1] $rule: $title", async ({ make, look, spoil, says }) => {
    const world = makeWorld();
    const watch = new Watch(world);
    world.onPoint = (point, id) => watch.at(point, id);
    const watched = { world, watch, host: world.host("a") };
    await make(watched);
    look(watched);
    expect(watch.violations).toEqual([]);
    await spoil(watched);
    look(watched);
    const expected = says instanceof RegExp ? expect.stringMatching(says) : says;
    expect(watch.violations).toEqual(expected === undefined ? [] : [expected]);
  });
});

describe("[V7] who has been whose child", () => {
  it("[V7.11] a continue-as-new takes no ID away, a new start does, and a parent that is gone is known", async () => {
    const world = makeWorld();
    const watch = new Watch(world);
    world.onPoint = (point, id) => watch.at(point, id);
    world.workflow("again", function* (ctx, isSecond: boolean): Code {
      if (isSecond) return yield ctx.callChildWorkflow("echo", 1, "b");
      yield ctx.waitForExternalEvent("go");
      ctx.continueAsNew(true, false);
    });
    await start(world, "a", "again", false);
    await raise(world, "a", "go");
    expect([...watch.lineage.replaced]).toEqual([]);
    await purge(world, "a");
    expect([...watch.lineage.parents]).toEqual([["b", [{ instanceId: "a", executionId: "execution-2" }]]]);
    await start(world, "c", "again", false);
    await raise(world, "c", "go");
    await start(world, "c", "echo");
    expect([...watch.lineage.replaced]).toEqual(["execution-4", "execution-5"]);
  });
});

describe("[V7] limits and webhooks", () => {
  const none = { crash: 0, failWrite: 0, failRead: 0, failCommit: 0, unreachable: 0, answerLost: 0 };
  const noFaults = { ...none, budget: 0, twice: 0, twiceLate: 0 };

  function limitedScene() {
    const world = makeWorld();
    world.activity("work", async () => world.sleep(1_000));
    const limits = new LimitsChance(world, { ...noFaults, work: { concurrency: 1 } }, 1, {}, () => undefined);
    world.onPoint = (point, id) => void limits.at(point, id);
    const work = (id: string) => start(world, id, "call", { activity: "work", input: { value: 1 } });
    return { world, limits, work };
  }

  it("[V7.12] of a limiter it sees one lease too many, one held by nobody, one that waits for ever, and work without a lease", async () => {
    const { world, limits, work } = limitedScene();
    for (const id of ["a", "b"]) await work(id);
    await world.rest();
    expect([limits.violations, await limits.faults()]).toEqual([[], []]);
    const { db } = world.limiters?.host("work") ?? {};
    const lease = (id: string, until: number | null) =>
      db?.port().run("INSERT INTO lease VALUES (?, 'l', '1', 1, 1, 1, ?)", id, until);
    for (const id of ["gone", "b"]) lease(id, world.nowMs + 3_600_000);
    lease("c", null);
    limits.at("committed", "work");
    expect(limits.violations).toEqual(["work: 2 are held, and 1 may be"]);
    expect(await limits.faults()).toEqual([
      "b, which is gone, holds a lease of work",
      "gone, which is gone, holds a lease of work",
      "c waits for work for ever",
    ]);
    const other = limitedScene();
    const [limited] = other.world.limiters?.limits.splice(0) ?? [];
    expect(limited?.name).toBe("work");
    await other.work("a");
    expect(other.limits.violations).toEqual(["a: work has begun and holds no lease"]);
  });

  it("[V7.13] of webhooks it sees an end that a receiver has not heard of, one that is none, and another body under the same ID", async () => {
    const world = makeWorld();
    const plan = { receivers: 1, budget: 0, refuses: 0, unreachable: 0, silent: 0 };
    const webhooks = new WebhookWatch(world, plan, { seed: 1 }, {}, () => undefined);
    world.onPoint = (point, id) => webhooks.at(point, id);
    world.workflow("program", () => 1);
    await start(world, "a", "program");
    await world.rest();
    expect([webhooks.violations, webhooks.faults()]).toEqual([[], []]);
    const { answer = () => 204, received = [] } = world.webhooks ?? {};
    const [told] = received;
    if (told === undefined) throw new Error("nothing was told");
    expect([answer(told), webhooks.violations]).toEqual([204, []]);
    answer({ ...told, body: "{}" });
    answer({ ...told, id: "msg_execution-9_1" });
    answer({ ...told, json: { data: { ...told.json.data, runtimeStatus: "FAILED" } } });
    expect(webhooks.violations).toEqual([
      `${told.id} tells once ${told.body} and once {}`,
      `${told.url} hears of msg_execution-9_1, and nothing has ended there`,
      `a: is COMPLETED, and ${told.url} hears ${told.body}`,
    ]);
    world.webhooks = undefined;
    await start(world, "b", "program");
    expect(webhooks.faults()).toEqual([expect.stringMatching(/^b: .* has not heard that it is COMPLETED/)]);
    await purge(world, "b");
    expect(webhooks.faults()).toEqual([]);
  });
});

// The oracle.

interface Scene {
  readonly world: World;
  readonly plan: Plan;
  readonly asked: Asked;
  readonly lineage: Lineage;
}

const NO_FAULTS: Plan["faults"] = {
  budget: 0,
  crash: 0,
  crashAll: 0,
  failWrite: 0,
  failCommit: 0,
  unreachable: 0,
  answerLost: 0,
  twice: 0,
  twiceLate: 0,
  loseAlarm: 0,
  alarmShiftMs: 0,
  ringAgain: 0,
  skew: 0,
  skewMs: 0,
  latencyMs: 0,
};
const planOf = (program: Program, operations: readonly Operation[] = [], delayMs = 0): Plan => ({
  seed: 1,
  roots: [{ id: "a", program, delayMs, operations }],
  faults: NO_FAULTS,
  encrypted: false,
  deploys: [],
});
const program = (...steps: Step[]): Program => ({ rounds: 1, steps, fails: false });
const activityStep: Leaf = { do: "activity", value: 7, ms: 0, fails: 0 };
const timerStep: Leaf = { do: "timer", ms: 1_000 };
const child = (of: Program): Leaf => ({ do: "child", program: of, id: "b" });
const failing: Program = { ...program(activityStep), fails: true };

/** The instance `a` runs a program to its end. `meanwhile`: what clients do as soon as it waits. */
async function run(of: Program, meanwhile: (scene: Scene) => unknown = () => undefined): Promise<Scene> {
  const world = new World();
  registerActivities(world);
  deploy(world, "new");
  const watch = new Watch(world);
  world.onPoint = (point, id) => watch.at(point, id);
  const scene: Scene = {
    world,
    plan: planOf(of),
    asked: { outcomes: [], violations: [] },
    lineage: watch.lineage,
  };
  await start(world, "a", "program", stateOf(of));
  await meanwhile(scene);
  await world.rest();
  return scene;
}

/** A client has been told that this was done, or what else came of it. */
function note(
  { asked }: Scene,
  operation: Pick<Operation, "type"> & { updateId?: string },
  to = "a",
  outcome = "OK",
): void {
  const whole = { sender: "client", to, afterMs: 0, ...operation } as Operation;
  asked.outcomes.push({ operation: whole, to, outcome, messageId: "message-1" });
}

interface EndRow {
  readonly rule: string;
  readonly title: string;
  readonly make: () => Promise<Scene>;
  readonly spoil: (scene: Scene) => unknown;
  /** All that the oracle says then, or only one of it. */
  readonly says: readonly string[] | RegExp;
}

const simple = () => run(program(activityStep));
const sleeper = () => run(program(timerStep));
const parent = () => run(program(child(program(activityStep))));
const listener = () => run(program({ do: "event", name: "a" }), ({ world }) => raise(world, "a", "a", 1, "m1"));
const a = ({ world }: Scene) => world.host("a");
const b = ({ world }: Scene) => world.host("b");
const gone = ({ world }: Scene, id: string) => void world.hosts.delete(id);

/** The oracle is told that a client has ended `a`. */
async function end(scene: Scene, type: "terminate" | "cancel"): Promise<void> {
  const call = (instance: Instance) =>
    type === "cancel" ? instance.cancel({ reason: "as told" }) : instance.terminate({ recursive: true });
  expect((await scene.world.call("a", call)).ok).toBe(true);
  note(scene, { type });
}

/** These are purged without what is below them, and the oracle is not told. */
async function without(scene: Scene, ...ids: string[]): Promise<Scene> {
  for (const id of ids) expect((await purge(scene.world, id, false)).ok).toBe(true);
  return { ...scene, plan: { ...scene.plan, roots: [] } };
}

async function purgedAlone(): Promise<Scene> {
  const scene = await simple();
  await purge(scene.world, "a");
  note(scene, { type: "purge" });
  return scene;
}

const endRows: readonly EndRow[] = [
  {
    rule: "P3",
    title: "the result of an activity is applied twice",
    make: simple,
    spoil: (scene) => repeat(a(scene), "TaskCompleted"),
    says: /^a: TaskCompleted 1 answers nothing$/,
  },
  {
    rule: "P3",
    title: "a timer fires twice",
    make: sleeper,
    spoil: (scene) => repeat(a(scene), "TimerFired"),
    says: /^a: TimerFired 1 answers nothing$/,
  },
  {
    rule: "P3",
    title: "a child ends twice",
    make: parent,
    spoil: (scene) => repeat(a(scene), "ChildWorkflowInstanceCompleted"),
    says: /^a: ChildWorkflowInstanceCompleted 1 answers nothing$/,
  },
  {
    rule: "P3",
    title: "an event is there twice",
    make: listener,
    spoil: (scene) => repeat(a(scene), "EventRaised"),
    says: ["a: m1 is there twice"],
  },
  {
    rule: "P3",
    title: "an instance ends twice",
    make: simple,
    spoil: (scene) => repeat(a(scene), "ExecutionCompleted"),
    says: ["a: 2 ends"],
  },
  {
    rule: "P12",
    title: "a timer fired early",
    make: sleeper,
    spoil: (scene) => alter(a(scene), "TimerFired", { timestampMs: scene.world.nowMs - 1 }),
    says: /^a: timer 1 fired early$/,
  },
  {
    rule: "P8",
    title: "a number is left out",
    make: simple,
    spoil: (scene) => {
      rewrite(a(scene));
      a(scene).db.tamper("UPDATE instance SET seq = 9 WHERE type = 'ExecutionCompleted'");
    },
    says: /^a: numbers of the history: 0,1,2,9$/,
  },
  {
    rule: "P8",
    title: "the first event is gone",
    make: simple,
    spoil: (scene) => rewrite(a(scene), (events) => events.slice(1)),
    says: /^a: begins with TaskScheduled$/,
  },
  {
    rule: "P8",
    title: "the first event is gone, and there is nothing to compare the end with",
    make: simple,
    spoil: (scene) => rewrite(a(scene), (events) => events.slice(1)),
    says: /^a: has no beginning$/,
  },
  {
    rule: "P8",
    title: "time goes back",
    make: simple,
    spoil: (scene) => alter(a(scene), "TaskCompleted", { timestampMs: 1 }),
    says: ["a: time goes back at TaskCompleted"],
  },
  {
    rule: "P8",
    title: "a call has the number of another",
    make: simple,
    spoil: (scene) => alter(a(scene), "TaskScheduled", { id: 2 }),
    says: /^a: call 2 \(TaskScheduled\) where 1 was due$/,
  },
  ...["history", "inbox", "outbox"].map(
    (owner): EndRow => ({
      rule: "P8",
      title: `a chunk of ${owner} has lost its row`,
      make: listener,
      spoil: (scene) => a(scene).db.tamper("INSERT INTO chunk VALUES (?, 99, 0, 'x')", owner),
      says: [`a: 1 chunks of ${owner} without their row`],
    }),
  ),
  {
    rule: "P7",
    title: "a row is left in the inbox of an ended one",
    make: simple,
    spoil: (scene) => receive(a(scene), "ExecutionSuspended"),
    says: ["a: 1 rows are left in inbox"],
  },
  {
    rule: "P7",
    title: "rows are left in the outbox of an ended one",
    make: listener,
    spoil: (scene) => {
      for (const seq of [1, 2]) a(scene).db.tamper("INSERT INTO outbox (seq, target) VALUES (?, 'b')", seq);
    },
    says: ["a: 2 rows are left in outbox"],
  },
  {
    rule: "P7",
    title: "a row is left in the recovery table of an ended one",
    make: listener,
    spoil: (scene) => a(scene).db.tamper("INSERT INTO recovery VALUES (1, 1, NULL)"),
    says: ["a: 1 rows are left in recovery"],
  },
  {
    rule: "P7",
    title: "an ended one has an alarm",
    make: simple,
    spoil: (scene) => setAlarm(a(scene)),
    says: ["a: an alarm is left"],
  },
  {
    rule: "P7",
    title: "an instance never ends",
    make: simple,
    spoil: (scene) => a(scene).db.tamper("UPDATE instance SET type = 'RUNNING' WHERE seq = -1"),
    says: /^a: is RUNNING for ever$/,
  },
  {
    rule: "model",
    title: "a program that succeeds has failed",
    make: simple,
    spoil: (scene) => a(scene).db.tamper("UPDATE instance SET type = 'FAILED' WHERE seq = -1"),
    says: /^a: should be COMPLETED and is FAILED \{"timestampMs":\d+,"type":"ExecutionCompleted"/,
  },
  {
    rule: "model",
    title: "a program that fails has succeeded",
    make: () => run(failing),
    spoil: (scene) => a(scene).db.tamper("UPDATE instance SET type = 'COMPLETED' WHERE seq = -1"),
    says: /^a: should be FAILED and is COMPLETED /,
  },
  {
    rule: "model",
    title: "nobody has terminated what is TERMINATED",
    make: () => run(program(timerStep), (scene) => end(scene, "terminate")),
    spoil: ({ asked }) => void asked.outcomes.pop(),
    says: /^a: should be COMPLETED and is TERMINATED /,
  },
  {
    rule: "model",
    title: "nobody has canceled what is CANCELED",
    make: () => run(program(timerStep), (scene) => end(scene, "cancel")),
    spoil: ({ asked }) => void asked.outcomes.pop(),
    says: [expect.stringMatching(/^a: should be COMPLETED and is CANCELED /)],
  },
  {
    rule: "model",
    title: "nobody has terminated the parent of what is TERMINATED",
    make: () => run(program(child(program(timerStep))), (scene) => end(scene, "terminate")),
    spoil: ({ asked }) => void asked.outcomes.pop(),
    says: /^b: should be COMPLETED and is TERMINATED /,
  },
  {
    rule: "model",
    title: "an output is not what the steps give",
    make: simple,
    spoil: (scene) => alter(a(scene), "ExecutionCompleted", { output: '{"results":[8],"updates":[]}' }),
    says: /^a: \{"do":"activity","value":7,"ms":0,"fails":0\} gave 8$/,
  },
  {
    rule: "model",
    title: "a round is left out",
    make: () => run({ ...program(activityStep), rounds: 2 }),
    spoil: (scene) => alter(a(scene), "ExecutionCompleted", { output: '{"results":[7],"updates":[]}' }),
    says: /^a: 1 results of 2 steps$/,
  },
  {
    rule: "T21",
    title: "an execution has changed its version",
    make: () => run(program({ do: "versioned" })),
    spoil: ({ world }) => alter(world.host("a:0001"), "ExecutionStarted", { version: "1" }),
    says: /^a:0001: should run as version 1 and ran as 2$/,
  },
  {
    rule: "P10",
    title: "a detached one was never started",
    make: () => run(program({ do: "detach", program: program(activityStep) })),
    spoil: (scene) => gone(scene, [...scene.world.hosts.keys()].find((id) => id !== "a") ?? ""),
    says: /^a: .+ was never started$/,
  },
  {
    rule: "P10",
    title: "a child has answered and is not there",
    make: parent,
    spoil: (scene) => gone(scene, "b"),
    says: ["a: b has answered and is not there"],
  },
  {
    rule: "P10",
    title: "a child that has answered may have been purged",
    make: parent,
    spoil: (scene) => {
      gone(scene, "b");
      note(scene, { type: "purge" }, "b");
    },
    says: [],
  },
  {
    rule: "P10",
    title: "a parent has heard of another result",
    make: parent,
    spoil: (scene) => alter(b(scene), "ExecutionCompleted", { output: '{"results":[7],"updates":["u"]}' }),
    says: /^a: b is COMPLETED, and its parent has heard of a completion$/,
  },
  {
    rule: "P10",
    title: "a parent has heard of a completion, and the child has failed",
    make: parent,
    spoil: (scene) => b(scene).db.tamper("UPDATE instance SET type = 'FAILED' WHERE seq = -1"),
    says: /^a: b is FAILED, and its parent has heard of a completion$/,
  },
  {
    rule: "P10",
    title: "a parent has heard of a failure, and the child has not failed",
    make: () => run(program(child(failing))),
    spoil: (scene) => b(scene).db.tamper("UPDATE instance SET type = 'COMPLETED' WHERE seq = -1"),
    says: /^a: b is COMPLETED, and its parent has heard of a failure$/,
  },
  {
    rule: "P10",
    title: "a parent has heard of a purge, and the child is there",
    make: () => run(program(child(failing))),
    spoil: (scene) =>
      rewrite(a(scene), (events) =>
        events.map((event) =>
          event.type === "ChildWorkflowInstanceFailed"
            ? { ...event, failure: { errorType: "WorkflowInstancePurged", message: "" } }
            : event,
        ),
      ),
    says: /^a: b is there, and its parent has heard of its purge$/,
  },
  ...[
    { executionId: "another", taskId: 1 },
    { executionId: "execution-1", taskId: 2 },
  ].map(
    (call): EndRow => ({
      rule: "P10",
      title: `what call ${call.taskId} of '${call.executionId}' has started under the name of a child is not compared`,
      make: parent,
      spoil: (scene) => {
        const link = JSON.stringify({ instanceId: "a", name: "program", ...call });
        b(scene).db.tamper(
          "UPDATE instance SET type = 'TERMINATED', detail = json_set(detail, '$.parent', json(?)) WHERE seq = -1",
          link,
        );
      },
      // Nothing of `a`.
      says: [
        expect.stringMatching(/^b: should be COMPLETED and is TERMINATED /),
        expect.stringMatching(/^b: tells COMPLETED,.* and is TERMINATED,/),
      ],
    }),
  ),
  {
    rule: "P10",
    title: "a child has ended, and its parent was not told",
    make: parent,
    spoil: (scene) => {
      rewrite(a(scene), (events) => events.filter(({ type }) => !/Completed$/.test(type)));
      a(scene).db.tamper("UPDATE instance SET type = 'RUNNING' WHERE seq = -1");
    },
    says: /^a: is RUNNING for ever$/,
  },
  {
    rule: "P1",
    title: "the code has called something else than the history says",
    make: simple,
    spoil: (scene) => alter(a(scene), "TaskScheduled", { name: "echo" }),
    says: [expect.stringContaining("the code:    callActivity 'work' #1")],
  },
  {
    rule: "P1",
    title: "the code comes to another end than the history",
    make: () => run(program({ do: "self", value: 3 })),
    spoil: (scene) => alter(a(scene), "EventRaised", { input: '{"value":4}' }),
    says: /the code: {4}completed with \{"results":\[4\],"updates":\[\]\}/,
  },
  {
    rule: "told",
    title: "an instance tells of another input than the history",
    make: simple,
    spoil: (scene) =>
      alter(a(scene), "ExecutionStarted", { input: JSON.stringify({ ...stateOf(program(activityStep)), more: 1 }) }),
    says: [expect.stringMatching(/^a: tells COMPLETED,.* and is COMPLETED,.*"more":1\}/)],
  },
  {
    rule: "told",
    title: "an instance tells of another output than the history",
    make: simple,
    spoil: (scene) => alter(a(scene), "ExecutionCompleted", { output: '{"updates":[],"results":[7]}' }),
    says: /^a: tells COMPLETED,.* and is COMPLETED,.*\{"updates":\[\],"results":\[7\]\}$/,
  },
  {
    rule: "told",
    title: "an instance tells of another status than the disk",
    make: simple,
    spoil: (scene) => a(scene).db.tamper("UPDATE instance SET type = 'FAILED' WHERE seq = -1"),
    says: /^a: tells COMPLETED,.* and is FAILED,/,
  },
  {
    rule: "P4",
    title: "what was started is not there",
    make: simple,
    spoil: (scene) => gone(scene, "a"),
    says: ["a was started and is not there"],
  },
  {
    rule: "P4",
    title: "an update that was answered has no effect",
    make: () =>
      run(program({ do: "updates", count: 1 }), async (scene) => {
        const request = { updateId: "u1", name: "note", input: '"u1"', timeoutMs: 0 };
        await scene.world.call("a", (instance) => instance.update(request));
        note(scene, { type: "update", updateId: "u1" });
      }),
    spoil: (scene) => note(scene, { type: "update", updateId: "u2" }),
    says: ["a: u2 was answered and has no effect"],
  },
  {
    rule: "P11",
    title: "a purge has left an alarm",
    make: () => purgedAlone(),
    spoil: (scene) => setAlarm(a(scene)),
    says: ["a: an alarm without an instance"],
  },
  {
    rule: "P11",
    title: "a purge has left a table",
    make: () => purgedAlone(),
    spoil: (scene) => a(scene).db.tamper("CREATE TABLE instance (seq, at_ms, type, name, payload, detail)"),
    says: ["a: tables without an instance"],
  },
  {
    rule: "P11",
    title: "a purge has left the instance",
    make: simple,
    spoil: (scene) => note(scene, { type: "purge" }),
    says: ["a is left after the purge of a"],
  },
  {
    rule: "P11",
    title: "a purge that was refused may leave all there is, and an update that was given up need have no effect",
    make: simple,
    spoil: (scene) => {
      note(scene, { type: "purge" }, "a", "NOT_ENDED");
      note(scene, { type: "update", updateId: "u1" }, "a", "GIVEN UP");
    },
    says: [],
  },
  ...(["purge", "purge by force"] as const).map(
    (type): EndRow => ({
      rule: "P11",
      title: `a ${type} has left a child`,
      make: async () => without(await parent(), "a"),
      spoil: (scene) => note(scene, { type }),
      says: ["b is left after the purge of a"],
    }),
  ),
  {
    rule: "P11",
    title: "a purge has left a grandchild, whose parent was purged before",
    make: async () => {
      const grandchild: Leaf = { do: "child", program: program(activityStep), id: "c" };
      return without(await run(program(child(program(grandchild)))), "b", "a");
    },
    spoil: (scene) => note(scene, { type: "purge" }),
    says: ["c is left after the purge of a"],
  },
  {
    rule: "P11",
    title: "a purge has left a child of an execution that continued as new",
    make: async () => without(await run({ ...program({ do: "versioned" }), rounds: 2 }), "a"),
    spoil: (scene) => note(scene, { type: "purge" }),
    says: /^a:.+ is left after the purge of a$/,
  },
  {
    rule: "P11",
    title: "a child of an execution whose ID another has taken is nobody's any more",
    make: async () => {
      const scene = await parent();
      await start(scene.world, "a", "program", stateOf(program(activityStep)));
      await without(scene, "a");
      note(scene, { type: "purge" });
      return scene;
    },
    spoil: ({ lineage }) => lineage.replaced.clear(),
    says: ["b is left after the purge of a"],
  },
];

describe("[V7] in the end", () => {
  it.each(endRows)("[V7.2] $rule: $title", async ({ make, spoil, says }) => {
    const faultsIn = ({ world, plan, asked, lineage }: Scene) => faultsAtEnd(world, plan, asked, lineage);
    expect(await faultsIn(await make())).toEqual([]);
    // Made once more, since the oracle asks after the instances.
    const spoilt = await make();
    await spoil(spoilt);
    const faults = await faultsIn(spoilt);
    if (says instanceof RegExp) expect(faults).toContainEqual(expect.stringMatching(says));
    else expect(faults).toEqual(says);
  });
});

// The model.

const race = (result: unknown): readonly [Step, unknown] => [
  { do: "any", of: [{ do: "event", name: "race" }, timerStep] },
  result,
];
const event = (result: unknown): readonly [Step, unknown] => [{ do: "event", name: "a" }, result];

interface ModelRow {
  readonly title: string;
  readonly steps: readonly (readonly [step: Step, result: unknown])[];
  readonly wrong: Partial<Output>;
  readonly says: readonly string[];
}

/** One step, what it may give, and what it may not. */
const oneStep = (step: Step, right: unknown, wrong: unknown, blamed: Step = step, blamedFor = wrong): ModelRow => ({
  title: `${JSON.stringify(step)} gives ${JSON.stringify(wrong)}`,
  steps: [[step, right]],
  wrong: { results: [wrong] },
  says: [`${JSON.stringify(blamed)} gave ${JSON.stringify(blamedFor)}`],
});
const broken: Leaf = { ...activityStep, fails: 3 };

const modelRows: readonly ModelRow[] = [
  oneStep(activityStep, 7, 8),
  oneStep(activityStep, 7, "failed"),
  oneStep({ ...activityStep, fails: 2 }, 7, "failed"),
  oneStep(broken, "failed", 7),
  oneStep(timerStep, true, false),
  {
    title: "an event is not what was raised",
    steps: [event(1)],
    wrong: { results: ["failed"] },
    says: ['{"do":"event","name":"a"} gave "failed"', "events a came as failed"],
  },
  oneStep(child(failing), "failed", { results: [7], updates: [] }),
  oneStep(child(program(activityStep)), { results: [7], updates: [] }, { results: [8], updates: [] }, activityStep, 8),
  oneStep({ do: "versioned" }, ["1", "1"], ["1", "2"]),
  oneStep({ do: "versioned" }, ["2", "2"], ["3", "3"]),
  oneStep({ do: "self", value: 3 }, 3, 4),
  oneStep({ do: "detach", program: program() }, "id", null),
  oneStep({ do: "asks", values: [1, 2], pauseMs: 0, cancels: false }, [1, 2], [2, 1]),
  oneStep({ do: "asks", values: [1], pauseMs: 0, cancels: true }, [1, "canceled"], ["canceled"]),
  oneStep({ do: "patch" }, "old", "neither"),
  oneStep({ do: "patch" }, "new", "neither"),
  oneStep({ do: "updates", count: 1 }, "updated", "failed"),
  oneStep({ do: "all", of: [activityStep, timerStep] }, [7, true], [7]),
  oneStep({ do: "all", of: [activityStep, timerStep] }, [7, true], [7, false], timerStep, false),
  oneStep({ do: "all", of: [activityStep, broken] }, "failed", [7, 7]),
  oneStep({ do: "any", of: [activityStep, timerStep] }, [1, true], [2, true]),
  oneStep({ do: "any", of: [activityStep, timerStep] }, [0, 7], [0, 8], activityStep, 8),
  {
    title: "a step is left out",
    steps: [[activityStep, 7]],
    wrong: { results: [] },
    says: ["0 results of 1 steps"],
  },
  {
    title: "a step is done twice",
    steps: [[activityStep, 7]],
    wrong: { results: [7, 7] },
    says: ["2 results of 1 steps"],
  },
  {
    title: "there are no results",
    steps: [],
    wrong: { results: undefined } as unknown as Partial<Output>,
    says: ['{"updates":[]} is no output'],
  },
  {
    title: "an event is lost",
    steps: [event(1), event(2)],
    wrong: { results: [1, 3] },
    says: ["events a came as 1,3"],
  },
  {
    title: "an event comes twice",
    steps: [event(1), event(2)],
    wrong: { results: [1, 1] },
    says: ["events a came as 1,1"],
  },
  {
    title: "an event of races comes twice",
    steps: [race([0, 1]), race([1, true]), race([0, 3])],
    wrong: {
      results: [
        [0, 1],
        [1, true],
        [0, 1],
      ],
    },
    says: ["events of races came as 1,1"],
  },
  {
    title: "an update counts twice",
    steps: [],
    wrong: { updates: ["u1", "u1"] },
    says: ["updates: u1,u1"],
  },
];

describe("[V7] the model", () => {
  it.each(modelRows)("[V7.3] $title", ({ steps, wrong, says }) => {
    const whole = program(...steps.map(([step]) => step));
    const right = { results: steps.map(([, result]) => result), updates: ["u1", "u2"] };
    expect(faultsOfOutput(whole, right)).toEqual([]);
    expect(faultsOfOutput(whole, { ...right, updates: [], ...wrong })).toEqual(says);
  });
});

// The simulation itself.

describe("[V7] a simulation", () => {
  const operations: readonly Operation[] = (["raise", "cancel", "terminate", "purge by force"] as const).map(
    (type) => ({
      sender: "client",
      to: "a",
      afterMs: 10,
      ...(type === "raise" ? { type, name: "a", value: 1 } : { type }),
    }),
  );
  const plan = planOf(program(activityStep, timerStep));

  /** Called at every point of the simulation; `goOn` shows it to whoever it is for. */
  function interfere(at: (world: World, point: string, id: string, goOn: () => void) => void): void {
    const rest = World.prototype.rest;
    vi.spyOn(World.prototype, "rest").mockImplementation(function (this: World, withinMs) {
      const { onPoint } = this;
      this.onPoint = (point, id) => at(this, point, id, () => onPoint?.(point, id));
      return rest.call(this, withinMs);
    });
  }

  it("[V7.4] tells of nothing when nothing is wrong", async () => {
    expect((await simulate(plan)).violations).toEqual([]);
  });

  it("[V7.5] shows its watch every commit", async () => {
    interfere((world, point, id, goOn) => {
      if (point === "committed" && world.activityRuns.length > 0) world.host(id).durableAlarm = null;
      goOn();
    });
    const { violations } = await simulate(plan);
    expect(violations).toContainEqual(expect.stringMatching(/^a: \{"status":"RUNNING".* and no alarm at \d+$/));
  });

  it("[V7.6] shows its watch every activity", async () => {
    interfere((_world, point, _id, goOn) => {
      goOn();
      if (point === "activity") goOn();
    });
    expect((await simulate(plan)).violations).toEqual(["a: execution-1:1 runs twice in one life"]);
  });

  it("[V7.7] tells its watch what clients have been told", async () => {
    const acknowledged = vi.spyOn(Watch.prototype, "acknowledged");
    const purgeByForceBegins = vi.spyOn(Watch.prototype, "purgeByForceBegins");
    await simulate(planOf(program({ do: "event", name: "b" }), operations, 60_000));
    expect(acknowledged.mock.calls).toEqual([
      ["a", "message-1"],
      ["a", "ExecutionCancelRequested"],
      ["a", "ExecutionTerminated"],
    ]);
    expect(purgeByForceBegins).toHaveBeenCalledTimes(1);
  });

  it("[V7.8] asks its oracle in the end", async () => {
    const rest = World.prototype.rest;
    let rests = 0;
    vi.spyOn(World.prototype, "rest").mockImplementation(async function (this: World, withinMs) {
      await rest.call(this, withinMs);
      if (++rests === 2) setAlarm(this.host("a"));
    });
    expect((await simulate(plan)).violations).toEqual(["a: an alarm is left"]);
  });

  it("[V7.9] tells of clients that are not answered", async () => {
    vi.spyOn(Client.prototype, "run").mockReturnValue(new Promise(() => undefined));
    expect((await simulate(plan)).violations).toEqual(["a client is not answered", "a was started and is not there"]);
  });

  it("[V7.10] tells of a world that does not come to rest", async () => {
    vi.spyOn(World.prototype, "rest").mockRejectedValue(new Error("The world is not at rest"));
    const { violations } = await simulate(plan);
    expect(violations.filter((violation) => violation === "The world is not at rest")).toHaveLength(2);
  });

  it("[V7.12] lets no more activities run at a time than its plan says", async () => {
    const together = program({ do: "all", of: [1, 2, 3].map((value) => ({ ...activityStep, value, ms: 2_000 })) });
    const { trace } = await simulate({ ...planOf(together), maxConcurrentActivities: 1 });
    const runsAtMs = trace.flatMap((line) => (line.endsWith(" activity a") ? Number.parseInt(line, 10) : []));
    const [first = 0] = runsAtMs;
    expect(runsAtMs.map((atMs) => atMs - first)).toEqual([0, 2_000, 4_000]);
  });
});
