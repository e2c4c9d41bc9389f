// [V5] The platform repeats calls and alarms, and so do callers. Every call that an instance gets is given to it once more,
// at every later moment of the run: after each write, commit, activity, call and alarm. Nothing may come of it.
import { describe, expect, it, vi } from "vitest";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Instance } from "../../../src/instance/instance.ts";
import type { InstanceApi, InstancePeer } from "../../../src/instance/protocol.ts";
import { BULK_JOB } from "../../../src/jobs/bulk-job.ts";
import { JOB_OPERATIONS, type JobCall, type JobInput, type JobOperation, NOTHING_DONE } from "../../../src/jobs/job.ts";
import { jobId } from "../../../src/model/ids.ts";
import type { Message } from "../../../src/model/message.ts";
import { INSTANCE } from "../../rows.ts";
import { ObjectLostError } from "../instance/host.ts";
import { withJobs } from "../instance/job-world.ts";
import { type Code, faultsOf, makeWorld, typesOf } from "../instance/support.ts";
import type { PeerCall, World } from "../instance/world.ts";
import { encrypt } from "./encryption.ts";

// Thousands of runs in one test, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 300_000 });

const JOB = jobId("00000000-0000-4000-8000-000000000001");

type Method = keyof InstanceApi | keyof InstancePeer;

/** A method that is new is to be repeated too. */
const methods: Record<Method, true> = {
  start: true,
  restart: true,
  rerun: true,
  readForRerun: true,
  describe: true,
  waitFor: true,
  raiseEvent: true,
  suspend: true,
  resume: true,
  cancel: true,
  rewind: true,
  changeVersion: true,
  query: true,
  update: true,
  history: true,
  timeline: true,
  terminate: true,
  purge: true,
  deliver: true,
  hasTaken: true,
  findActive: true,
};
const messages: Record<Message["type"], true> = {
  StartChild: true,
  RewindChild: true,
  StartDetached: true,
  ChildEnded: true,
  RaiseEvent: true,
  Cancel: true,
  Terminate: true,
};

/**
 * What a copy may be answered that the call is not answered when it comes once. Whatever changes an instance is answered as
 * the first time, but for a purge, which has left nothing to purge, and for an update, which tells how far it has got: its
 * result, or that this is not known any more after a continue-as-new. What only reads tells of the moment in which it came.
 */
const laterAnswers: Record<keyof InstanceApi, readonly string[]> = {
  start: [],
  restart: [],
  rerun: [],
  raiseEvent: [],
  suspend: [],
  resume: [],
  cancel: [],
  terminate: [],
  rewind: [],
  changeVersion: [],
  purge: ["NOT_FOUND"],
  update: ["1", "FORGOTTEN", "ENDED"],
  query: ["BUSY"],
  describe: ["COMPLETED"],
  waitFor: ["COMPLETED"],
  history: [],
  timeline: [],
};

/** A call as it was made. */
interface Made {
  readonly what: string;
  readonly to: string;
  readonly method: PeerCall["method"] | keyof InstanceApi;
  /** Of a call between instances. */
  readonly message?: string;
  readonly isOfJob?: boolean;
  /** Gives it to the instance once more; tells what it is answered, if that is known. */
  readonly again: () => Promise<string> | undefined;
  /** Before which point of the run. */
  readonly at: number;
  /** From here on a second copy would be another request: what it has no name for has been taken back. */
  untilAt: number;
  /** What the caller was told. */
  answer?: string;
}

type Ask = <M extends keyof InstanceApi>(method: M, ...args: Parameters<InstanceApi[M]>) => Promise<void>;

interface Scenario {
  readonly main: TWorkflow;
  /** `askOf`: another instance than `a`. */
  readonly script: (ask: Ask, world: World, askOf: (id: string) => Ask) => Promise<void>;
  /** With a cipher that takes its time: what is checked before it may not hold after it. */
  readonly isEncrypted?: boolean;
  /** Of all the second copies only every so many-th is made: for the like of a scenario that has them all. */
  readonly every?: number;
}

/** Rings are made at every so many-th point. */
const RINGS_EVERY = 4;

/** What has counted so far, in all rounds. */
interface Seen {
  readonly round: number;
  readonly sums: number[];
  readonly events: unknown[];
}

function everything(rounds: number): TWorkflow {
  return function* (ctx, { round, sums, events }: Seen): Code {
    ctx.setUpdateHandler("add", function* (n: number): Code {
      sums.push((yield ctx.callActivity("echo", n)) + 1);
      return sums.length;
    });
    ctx.setQueryHandler("sums", () => sums);
    if (round === 1) {
      yield ctx.callActivity("echo", 1);
      const child = yield ctx.callChildWorkflow("call", { activity: "echo", input: 3 }, "child");
      ctx.sendEvent("other", "go", child);
      ctx.scheduleNewWorkflow("echo", 7, { instanceId: "detached" });
      yield ctx.waitForCondition(() => sums.length > 0);
      events.push(yield ctx.waitForExternalEvent("go"));
      yield ctx.createTimer(2);
      if (rounds > 1) return ctx.continueAsNew({ round: 2, sums, events }, true);
    }
    events.push(yield ctx.waitForExternalEvent("last"));
    events.push(...(yield* more(ctx, "go")), ...(yield* more(ctx, "last")));
    return { sums, events };
  };
}

/** Waits for one more of these events, and not for ever. */
function* more(ctx: WorkflowContext, name: string): Code {
  const event = ctx.waitForExternalEvent(name);
  return (yield ctx.whenAny([event, ctx.createTimer(1)])) === event ? [event.getResult()] : [];
}

const startOf = (requestId: string, input?: string) => ({ instanceId: "a", name: "main", input, requestId });

const askForEverything: Scenario["script"] = async (ask, world) => {
  await ask("start", startOf("start", '{"round":1,"sums":[],"events":[]}'));
  await ask("update", { updateId: "u", name: "add", input: "2", timeoutMs: 0 });
  await ask("suspend", { reason: "r" });
  await ask("raiseEvent", { name: "go", input: "1", messageId: "m1" });
  await ask("resume", {});
  await ask("query", { name: "sums" });
  await ask("describe", { payloads: true });
  await ask("history", { from: 0, limit: 10 });
  await ask("timeline", { from: 0, limit: 10 });
  await ask("waitFor", "started", { timeoutMs: 10, payloads: false });
  await world.advance(5_000);
  await ask("raiseEvent", { name: "last", input: "9", messageId: "m2" });
};

const scenarios: Record<string, Scenario> = {
  "a run with everything, in two executions": { main: everything(2), script: askForEverything },
  "a run with everything, in one": { main: everything(1), script: askForEverything, every: 3 },
  "a run with everything, encrypted": { main: everything(1), script: askForEverything, isEncrypted: true, every: 3 },
  "an ID that is used again": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("echo", 1);
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(3_000);
      await ask("start", startOf("again"));
    },
  },
  "a terminate": {
    *main(ctx): Code {
      yield ctx.callChildWorkflow("event", "never");
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(100);
      await ask("terminate", { output: '"t"', recursive: true });
    },
  },
  "a cancel": {
    *main(ctx): Code {
      try {
        yield ctx.callChildWorkflow("event", "never");
      } finally {
        yield ctx.callActivity("echo", "tidy");
      }
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(100);
      await ask("cancel", { reason: "c" });
    },
  },
  branches: {
    *main(ctx): Code {
      let isTidied = false;
      const strand = function* (name: string): Code {
        const child = yield ctx.callChildWorkflow("call", { activity: "echo", input: name }, name);
        if (name === "one") ctx.sendEvent("other", "go", child);
        return [child, yield ctx.waitForExternalEvent(name), ...(yield* more(ctx, name))];
      };
      const loser = function* (): Code {
        try {
          yield ctx.createTimer(86_400);
        } finally {
          yield ctx.callActivity("echo", "tidy");
          isTidied = true;
        }
      };
      const both = ctx.branch(
        (function* (): Code {
          return yield* ctx.whenAll([strand("one"), strand("two")]);
        })(),
        "both",
      );
      const first = yield ctx.whenAny([both, loser()]);
      yield ctx.waitForCondition(() => isTidied);
      return first.getResult();
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await ask("raiseEvent", { name: "two", input: "2", messageId: "m2" });
      await ask("raiseEvent", { name: "one", input: "1", messageId: "m1" });
      await ask("describe", { payloads: true });
      await world.advance(100);
    },
    every: 2,
  },
  "a purge of a tree": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("parent", { name: "echo", input: 1, id: "grandchild" }, "child");
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(3_000);
      await ask("purge", { recursive: true });
      await world.advance(3_000);
    },
  },
  "a tree that is purged by force and started again": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("event", "never", "child");
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(3_000);
      await ask("purge", { recursive: true, force: true });
      await world.advance(3_000);
      await ask("start", startOf("again"));
      await world.advance(3_000);
    },
  },
  "a tree that is rewound, and a child by itself": {
    *main(ctx): Code {
      const second = ctx.callChildWorkflow("failing", "second", "second");
      yield ctx.callChildWorkflow("failing", "first", "first");
      return yield second;
    },
    script: async (ask, world) => {
      const repaired = new Set<string>();
      world.activity("repaired", (_ctx, name: string) => {
        if (!repaired.has(name)) throw new Error("broken");
        return name;
      });
      world.workflow("failing", function* (ctx, name: string): Code {
        // Behind the first, also when the object of that is lost.
        if (name === "second") yield ctx.createTimer(40);
        return yield ctx.callActivity("repaired", name);
      });
      await ask("start", startOf("start"));
      // An object that is lost is back by then.
      await world.advance(120_000);
      repaired.add("second");
      const rewindSecond = () =>
        passing(
          world,
          world.post("second", (second) => second.rewind({ requestId: "w 2" })),
        );
      // The object, or that of its parent, may be lost meanwhile: then it is sent again.
      for (let n = 0; n < 20 && !(await rewindSecond().catch(() => undefined))?.ok; n++) await world.advance(1_000);
      await world.advance(60_000);
      repaired.add("first");
      await ask("rewind", { requestId: "w", reason: "r" });
      await world.advance(60_000);
    },
  },
  "another version": {
    *main(ctx): Code {
      return yield ctx.waitForExternalEvent("go");
    },
    script: async (ask, world) => {
      const code = function* (ctx: WorkflowContext): Code {
        return [ctx.getVersion(), yield ctx.waitForExternalEvent("go")];
      };
      world.versions = ["1", "2"].map((version) => ({ name: "main", version, code, latest: version === "1" }));
      await ask("start", startOf("start"));
      await world.advance(100);
      await ask("changeVersion", { requestId: "v", version: "2" });
      await ask("raiseEvent", { name: "go", messageId: "m" });
    },
  },
  "a purge by force in the middle": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("event", "never", "child");
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(3_000);
      await ask("purge", { recursive: true, force: true });
      await world.advance(3_000);
    },
  },
  "a restart": {
    *main(ctx): Code {
      const child = yield ctx.callChildWorkflow("call", { activity: "slow", input: 5 }, "child");
      return [child, ...(yield* more(ctx, "go"))];
    },
    script: async (ask, world) => {
      await ask("start", startOf("start"));
      await world.advance(3);
      await ask("restart", { requestId: "again", reason: "r" });
      await world.advance(3_000);
    },
  },
  "starts with an event: of one, on one that runs, and in its place": {
    *main(ctx): Code {
      const child = ctx.callChildWorkflow("call", { activity: "slow", input: 5 }, "child");
      const events = [yield ctx.waitForExternalEvent("go"), ...(yield* more(ctx, "go")), ...(yield* more(ctx, "go"))];
      return [events, yield child];
    },
    script: async (ask, world) => {
      const event = (input: string) => ({ name: "go", input, messageId: `m${input}` });
      await ask("start", { ...startOf("start"), event: event("1") });
      await ask("start", { ...startOf("on it"), event: event("2") });
      await world.advance(3_000);
      await ask("start", startOf("again"));
      await world.advance(3);
      await ask("start", { ...startOf("in its place"), reuse: "terminate", event: event("3") });
      await world.advance(3_000);
      await ask("start", { ...startOf("ignored"), reuse: "ignore" });
    },
  },
  ...jobScenarios(),
  "a rerun": {
    *main(ctx): Code {
      const first = yield ctx.callActivity("echo", 1);
      const child = yield ctx.callChildWorkflow("echo", first);
      return [child, yield ctx.callActivity("slow", 5)];
    },
    script: async (ask, world) => {
      await passing(
        world,
        world.post("source", (source) => source.start({ ...startOf("s"), instanceId: "source" })),
      );
      await world.advance(3_000);
      await ask("rerun", { requestId: "r", sourceInstanceId: "source", eventId: 2 });
      await world.advance(3_000);
    },
  },
};

/** Of each operation one, on `a` and on nobody; and one that is called off. */
function jobScenarios(): Record<string, Scenario> {
  const waits: TWorkflow = function* (ctx): Code {
    return [yield ctx.waitForExternalEvent("go"), ...(yield* more(ctx, "go"))];
  };
  const mains: Partial<Record<JobOperation, TWorkflow>> = {
    rewind: function* (ctx): Code {
      return yield ctx.callActivity("repaired");
    },
    purge: (_ctx) => "done",
    rerun: function* (ctx): Code {
      return yield ctx.callActivity("echo", 1);
    },
  };
  const scenario = (call: JobCall, isCalledOff = false): Scenario => ({
    main: mains[call.operation] ?? waits,
    script: async (ask, world, askOf) => {
      let isRepaired = false;
      world.activity("repaired", () => {
        if (!isRepaired) throw new Error("broken");
      });
      await ask("start", startOf("start"));
      await world.advance(3_000);
      isRepaired = true;
      if (call.operation === "resume") await ask("suspend", { reason: "r" });
      await askOf(JOB)("start", jobOf(call, world.nowMs));
      if (isCalledOff) {
        // Between its two calls, also when its object was lost meanwhile.
        while (!progressOf(world).includes('"done":1')) await world.advance(10);
        await askOf(JOB)("cancel", { reason: "c" });
      }
      await world.advance(3_000);
      if (call.operation === "resume") await ask("raiseEvent", { name: "go", input: "1", messageId: "m" });
    },
  });
  const raise = { eventName: "go", payload: "7" };
  const each = JOB_OPERATIONS.map((operation) => {
    const call = { operation, ...(operation === "raise" && raise), reason: "r" };
    return [`a bulk job: ${operation}`, scenario(call)] as const;
  });
  const called = scenario({ operation: "raise", ...raise }, true);
  return { ...Object.fromEntries(each), "a bulk job that is called off": called };
}

function progressOf(world: World): string {
  const [row] = world.host(JOB).db.read<{ custom_status: string | null }>(`SELECT custom_status FROM ${INSTANCE}`);
  return row?.custom_status ?? "";
}

function jobOf(call: JobCall, beganAtMs: number) {
  // Of a purge that is repeated nobody knows whether it has removed one that is not there.
  const instanceIds = call.operation === "purge" ? ["a"] : ["a", "nobody"];
  const input: JobInput = {
    call,
    targets: { instanceIds },
    matched: instanceIds.length,
    rps: 1,
    beganAtMs,
    progress: NOTHING_DONE,
  };
  return { instanceId: JOB, name: BULK_JOB, input: JSON.stringify(input), requestId: "job" };
}

/** Which of the calls of a run is given once more, at which point, and whether the object that got it is lost before. */
interface Repeat {
  readonly which: number;
  readonly at: number;
  readonly isLost: boolean;
}

/** The alarm of which object rings once more, at which point. */
interface Ring {
  readonly id: string;
  readonly at: number;
}

interface Run {
  readonly made: Made[];
  readonly points: number;
  readonly end: Record<string, unknown>;
  /** Of the second copy, if it is known. */
  readonly copyAnswer: string | undefined;
  readonly rings: number;
}

async function run({ main, script, isEncrypted }: Scenario, repeat?: Repeat | Ring): Promise<Run> {
  const world = withJobs(makeWorld());
  if (isEncrypted) encrypt(world, 1, () => ["k"]);
  world.workflow("main", main);
  world.workflow("other", function* (ctx): Code {
    return [yield ctx.waitForExternalEvent("go"), ...(yield* more(ctx, "go"))];
  });
  await passing(
    world,
    world.post("other", (other) => other.start({ instanceId: "other", name: "other", requestId: "o" })),
  );
  const made: Made[] = [];
  let points = 0;
  let copy: Promise<string> | undefined;
  let copyAnswer: string | undefined;
  world.onPoint = () => {
    if (points++ !== repeat?.at) return;
    if ("id" in repeat) return ringOnceMore(world, repeat.id);
    const copied = made[repeat.which] as Made;
    if (repeat.isLost) world.crash(copied.to);
    copy = copied.again();
    void copy?.then((answer) => {
      copyAnswer = answer;
    });
  };
  const make = (call: Omit<Made, "at" | "untilAt">): Made => {
    const all = { ...call, at: points, untilAt: Number.POSITIVE_INFINITY };
    made.push(all);
    return all;
  };
  world.peerFault = ({ from, to, method, argument, repeat: give }) => {
    const message = (argument as { type?: string }).type ?? "";
    if (from === JOB) for (const earlier of beforeIt(method as keyof InstanceApi, to)) cap(earlier);
    make({
      what: `${method} ${message} to ${to}`,
      to,
      method,
      message,
      isOfJob: from === JOB,
      again: () => void give(),
    });
    return undefined;
  };
  const beforeIt = (method: keyof InstanceApi, to: string) =>
    made.filter((earlier) => earlier.to === to && earlier.message === undefined && takesBack(method, earlier.method));
  const cap = (earlier: Made) => {
    earlier.untilAt = Math.min(earlier.untilAt, points);
  };
  const askOf =
    (id: string): Ask =>
    async (method, ...args) => {
      for (const earlier of beforeIt(method, id)) {
        cap(earlier);
        if (repeat !== undefined && "which" in repeat && made[repeat.which] === earlier && copy !== undefined)
          await passing(world, copy);
      }
      const call = (instance: Instance): Promise<unknown> => Reflect.apply(instance[method], instance, args);
      const again = () => world.post(id, call).then(told, (error) => `rejects: ${error}`);
      const asked = make({ what: method, to: id, method, again });
      const answer = await passing(world, world.post(id, call)).catch((error) => {
        if (!(error instanceof ObjectLostError)) throw error;
        return passing(world, world.post(id, call));
      });
      asked.answer = told(answer);
    };
  await script(askOf("a"), world, askOf);
  await world.rest();
  world.onPoint = undefined;
  const isLost = repeat !== undefined && "which" in repeat && repeat.isLost;
  // An activity that was under way when its object was lost runs again.
  const end: Record<string, unknown> = { runs: isLost ? undefined : world.activityRuns.length };
  let rings = 0;
  for (const id of [...world.hosts.keys()].sort()) {
    const found = await passing(
      world,
      world.post(id, (instance) => instance.describe({ payloads: true })),
    );
    const host = world.host(id);
    const history = typesOf(world, id).sort();
    end[id] = [
      found?.status,
      found?.output,
      found?.failure?.message,
      history,
      faultsOf(world, id),
      host.durableAlarm,
      id === JOB && found?.customStatus,
    ];
    rings += host.counters.rings;
  }
  // Not left to the garbage collector, which does not see how much memory they hold.
  for (const { db } of world.hosts.values()) db.close();
  return { made, points, end, copyAnswer, rings };
}

/** A suspend has no name, nor a purge, and neither has a start once every trace of it is gone, or another has taken its place. */
function takesBack(method: keyof InstanceApi, earlier: Made["method"]): boolean {
  if (method === "resume") return earlier === "suspend";
  if (method === "purge") return earlier === "start";
  if (method === "restart") return earlier === "start";
  return method === "start" && (earlier === "start" || earlier === "purge");
}

/** Nothing is done while its handler runs, or when it has been set anew: that is on its way to the disk then. */
function ringOnceMore(world: World, id: string): void {
  const host = world.host(id);
  if (host.ringing !== undefined || host.alarm !== host.durableAlarm) return;
  host.alarm = host.durableAlarm = { atMs: world.nowMs, ringsAtMs: world.nowMs };
}

/** Time goes on until it is settled. */
async function passing<T>(world: World, answer: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  answer.then(settle, settle);
  for (let ms = 0; !isSettled; ms++) {
    if (ms > 100_000) throw new Error("There is no answer");
    await world.advance(1);
  }
  return answer;
}

/** What an answer says, without what changes from moment to moment. */
function told(answer: unknown): string {
  if (answer === undefined) return "nothing";
  const { ok, code, result, status, events, bars } = answer as Partial<Record<string, unknown>>;
  if (ok !== undefined) return String(ok ? (result ?? "ok") : code);
  if (bars !== undefined) return String((bars as { kind: string }[])[0]?.kind);
  return String(status ?? (events as { type: string }[])[0]?.type);
}

/** All second copies that there are: of every call, at every point at which it is still the same call. */
function copiesOf({ made, points }: Run): { readonly copied: Made; readonly which: number; readonly at: number }[] {
  return made.flatMap((copied, which) => {
    const count = Math.max(0, Math.min(copied.untilAt, points) - copied.at);
    return Array.from({ length: count }, (_, n) => ({ copied, which, at: copied.at + n }));
  });
}

async function expectNothingToComeOfIt(scenario: Scenario, isLost: boolean): Promise<void> {
  const once = await run(scenario);
  const copies = copiesOf(once).filter((_, n) => n % (scenario.every ?? 1) === 0);
  for (const { copied, which, at } of copies) {
    const twice = await run(scenario, { which, at, isLost });
    const what = `${copied.what}, once more at ${at} of ${once.points}`;
    expect([what, twice.end]).toEqual([what, isLost ? { ...once.end, runs: undefined } : once.end]);
    if (copied.answer === undefined) continue;
    const answers = [twice.made[which]?.answer, twice.copyAnswer];
    const allowed = [copied.answer, ...laterAnswers[copied.method as keyof InstanceApi]];
    expect([what, answers.filter((answer) => !allowed.includes(String(answer)))]).toEqual([what, []]);
    // An answer may have been lost together with its object.
    if (!isLost) expect([what, ...answers]).toContain(copied.answer);
  }
  console.log(`${once.made.length} calls, ${copies.length} second copies`);
}

async function expectNothingToComeOfRings(scenario: Scenario): Promise<void> {
  const once = await run(scenario);
  let rings = 0;
  for (const [n, id] of Object.keys(once.end).entries()) {
    for (let at = n % RINGS_EVERY; at < once.points && id !== "runs"; at += RINGS_EVERY) {
      const twice = await run(scenario, { id, at });
      const what = `the alarm of ${id}, once more at ${at} of ${once.points}`;
      expect([what, twice.end]).toEqual([what, once.end]);
      if (twice.rings > once.rings) rings++;
    }
  }
  console.log(`${once.points} points, ${rings} rings`);
  expect(rings).toBeGreaterThan(0);
}

describe("[V5] A call that comes twice counts once, whenever its second copy comes", () => {
  it.each(Object.entries(scenarios))("[V5.1] %s", (_, scenario) => expectNothingToComeOfIt(scenario, false));

  it.each(Object.entries(scenarios))("[V5.2] and the object that got the first has been lost: %s", (_, scenario) =>
    expectNothingToComeOfIt(scenario, true),
  );

  it.each(Object.entries(scenarios))("[V5.3] so does an alarm that rings once more: %s", (_, scenario) =>
    expectNothingToComeOfRings(scenario),
  );

  it("[V5.4] every method and every message is among what is repeated", async () => {
    const runs = await Promise.all(Object.values(scenarios).map((scenario) => run(scenario)));
    const copied = runs.flatMap((once) => copiesOf(once).map((copy) => copy.copied));
    const isOwed = { isOwed: true };
    expect(Object.fromEntries(copied.map(({ method }) => [method, true]))).toEqual({ ...methods, ...isOwed });
    const ofJobs = new Set(
      runs.flatMap(({ made }) => made.filter(({ isOfJob }) => isOfJob).map(({ method }) => method)),
    );
    expect(ofJobs.size).toBe(JOB_OPERATIONS.length);
    const sent = copied.filter(({ method }) => method === "deliver");
    expect(Object.fromEntries(sent.map(({ message }) => [message, true]))).toEqual(messages);
  });
});
