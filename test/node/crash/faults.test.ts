// [C6] The checks behind the tests that kill see what they look for. Each is shown a sound state, of which it says nothing,
// and the same one with one thing broken: nothing is killed here.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { NOTHING_DONE } from "../../../src/jobs/job.ts";
import { jobId } from "../../../src/model/ids.ts";
import { objectDirectory, temporaryDirectory } from "../e2e/server.ts";
import { type Code, start } from "../instance/support.ts";
import { World } from "../instance/world.ts";
import { Random } from "../random.ts";
import { Audit } from "./audit.ts";
import { Client } from "./client.ts";
import { type HistoryRow, hasNoAlarm, readAlarms, type StoredInstance } from "./database.ts";
import { faultsOf, type Violation } from "./faults.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { expectSound } from "./middle.ts";
import { Recorder, type Report } from "./recorder.ts";
import { Subject } from "./subject.ts";

/** `what: text`, as the campaign prints it. */
const texts = (violations: readonly Violation[]) => violations.map(({ what, text }) => `${what}: ${text}`);

// One instance.

/** A sound history of all that `faultsOf` looks at, its seqs counted. */
function history(change: (rows: Omit<HistoryRow, "seq">[]) => readonly Omit<HistoryRow, "seq">[]): HistoryRow[] {
  const row = (type: string, taskId: number | null, detail: HistoryRow["detail"] = {}, atMs = 1_000) => ({
    type,
    taskId,
    detail,
    atMs,
    name: null,
    payload: null,
  });
  const rows = [
    row("ExecutionStarted", null),
    row("TaskScheduled", 1),
    row("TaskScheduled", 2),
    row("TaskCompleted", 1),
    row("TaskFailed", 2),
    row("TimerCreated", 3, { fireAtMs: 3_000 }),
    row("ChildWorkflowInstanceCreated", 4),
    row("ChildWorkflowInstanceCompleted", 4),
    row("EventRaised", null, { messageId: "m1" }),
    row("EventRaised", null, { messageId: "m2" }),
    row("UpdateRequested", null, { updateId: "u1" }),
    row("ExecutionSuspended", null),
    row("ExecutionResumed", null),
    row("TimerFired", 3, {}, 3_000),
    row("ExecutionCompleted", null, {}, 3_000),
  ];
  return change(rows).map((event, seq) => ({ ...event, seq }));
}

type Rows = Parameters<Parameters<typeof history>[0]>[0];

function stored(more: Partial<StoredInstance> = {}): StoredInstance {
  return {
    instanceId: "a",
    executionId: "execution-1",
    createdAtMs: 0,
    status: "COMPLETED",
    history: history((rows) => rows),
    left: { inbox: 0, outbox: 0, recovery: 0, telling: 0 },
    ...more,
  };
}

const indexOf = (rows: Rows, type: string) => rows.findIndex((row) => row.type === type);
const changed = (type: string, change: Partial<HistoryRow>) =>
  stored({
    history: history((rows) => rows.with(indexOf(rows, type), { ...rows[indexOf(rows, type)], ...change } as never)),
  });
const twice = (type: string) =>
  stored({ history: history((rows) => rows.toSpliced(indexOf(rows, type), 0, rows[indexOf(rows, type)] as never)) });
const without = (type: string) => stored({ history: history((rows) => rows.filter((row) => row.type !== type)) });
/** One event is behind the end. */
const behindTheEnd = (type: string, status: string) =>
  stored({
    status,
    history: history((rows) => [...rows.filter((row) => row.type !== type), rows[indexOf(rows, type)] as never]).map(
      (row, index) => (index === 14 ? { ...row, atMs: 3_000 } : row),
    ),
  });

const instances: readonly (readonly [title: string, spoilt: StoredInstance, says: readonly string[]])[] = [
  ["has not ended", stored({ status: "RUNNING" }), ["wrong: a: is RUNNING"]],
  [
    "a number is left out",
    stored({ history: history((rows) => rows).map((row) => (row.seq === 14 ? { ...row, seq: 15 } : row)) }),
    ["wrong: a: ExecutionCompleted #null at 14 has seq 15"],
  ],
  [
    "time goes back",
    changed("ExecutionCompleted", { atMs: 2_999 }),
    ["wrong: a: ExecutionCompleted #null at 14 is older than the one before"],
  ],
  ["begins with something else", without("ExecutionStarted"), ["wrong: a: TaskScheduled #1 at 0 is misplaced"]],
  ["begins twice", twice("ExecutionStarted"), ["wrong: a: ExecutionStarted #null at 1 is misplaced"]],
  ["has no end", without("ExecutionCompleted"), ["wrong: a: has no end in its history"]],
  ["ends twice", twice("ExecutionCompleted"), ["wrong: a: ExecutionCompleted #null at 15 is misplaced"]],
  [
    "a result is taken after the end",
    behindTheEnd("TaskCompleted", "COMPLETED"),
    ["wrong: a: TaskCompleted #1 at 14 is misplaced"],
  ],
  [
    "something else comes after a cancel",
    behindTheEnd("ExecutionResumed", "CANCELED"),
    ["wrong: a: ExecutionResumed #null at 14 is misplaced"],
  ],
  ["a result is taken after a cancel", behindTheEnd("TaskCompleted", "CANCELED"), []],
  ["a failure is taken after a cancel", behindTheEnd("TaskFailed", "CANCELED"), []],
  ["an activity is called twice", twice("TaskScheduled"), ["twice: a: TaskScheduled #1 at 2 is there twice"]],
  ["a timer is made twice", twice("TimerCreated"), ["twice: a: TimerCreated #3 at 6 is there twice"]],
  [
    "a child is started twice",
    twice("ChildWorkflowInstanceCreated"),
    ["twice: a: ChildWorkflowInstanceCreated #4 at 7 is there twice"],
  ],
  [
    "calls something while it is suspended",
    stored({
      history: history((rows) => [...rows.slice(0, 12), { ...rows[1], taskId: 5 } as never, ...rows.slice(12)]),
    }),
    ["wrong: a: TaskScheduled #5 at 12 was called while suspended"],
  ],
  [
    "a result has no call",
    changed("TaskCompleted", { taskId: 9 }),
    ["wrong: a: TaskCompleted #9 at 3 answers no TaskScheduled"],
  ],
  [
    "a failure has no call",
    changed("TaskFailed", { taskId: 9 }),
    ["wrong: a: TaskFailed #9 at 4 answers no TaskScheduled"],
  ],
  [
    "a timer was never made",
    changed("TimerFired", { taskId: 9 }),
    ["wrong: a: TimerFired #9 at 13 answers no TimerCreated"],
  ],
  [
    "a child was never started",
    changed("ChildWorkflowInstanceCompleted", { type: "ChildWorkflowInstanceFailed", taskId: 9 }),
    ["wrong: a: ChildWorkflowInstanceFailed #9 at 7 answers no ChildWorkflowInstanceCreated"],
  ],
  ["a result is applied twice", twice("TaskCompleted"), ["twice: a: TaskCompleted #1 at 4 is there twice"]],
  ["a failure is applied twice", twice("TaskFailed"), ["twice: a: TaskFailed #2 at 5 is there twice"]],
  ["a timer fires twice", twice("TimerFired"), ["twice: a: TimerFired #3 at 14 is there twice"]],
  [
    "a child ends twice",
    twice("ChildWorkflowInstanceCompleted"),
    ["twice: a: ChildWorkflowInstanceCompleted #4 at 8 is there twice"],
  ],
  ["a timer fires early", changed("TimerFired", { atMs: 2_999 }), ["early: a: TimerFired #3 at 13 fired 1 ms early"]],
  ["an event has no ID", changed("EventRaised", { detail: {} }), ["wrong: a: EventRaised #null at 8 has no ID"]],
  [
    "an update has no ID",
    changed("UpdateRequested", { detail: {} }),
    ["wrong: a: UpdateRequested #null at 10 has no ID"],
  ],
  ["an event is there twice", twice("EventRaised"), ["twice: a: EventRaised #null at 9 has the ID m1 of another"]],
  [
    "an update is there twice",
    twice("UpdateRequested"),
    ["twice: a: UpdateRequested #null at 11 has the ID u1 of another"],
  ],
  ...(["inbox", "outbox", "recovery", "telling"] as const).map(
    (table) =>
      [
        `rows are left in ${table}`,
        stored({ left: { inbox: 0, outbox: 0, recovery: 0, telling: 0, [table]: 2 } }),
        [`lost: a: 2 rows are left in ${table}`],
      ] as const,
  ),
];

/** It fails by its activity, is rewound, and comes to its end. */
function rewound(change: (rows: Rows) => Rows): StoredInstance {
  const [started] = history((rows) => rows);
  const of = (type: string, taskId: number | null, detail: HistoryRow["detail"] = {}) => ({
    ...(started as HistoryRow),
    type,
    taskId,
    detail,
  });
  const rows = [
    started as HistoryRow,
    of("TaskScheduled", 1),
    of("TaskFailed", 1),
    of("ExecutionCompleted", null),
    of("ExecutionRewound", null, { failedAt: 2, askedFrom: 3 }),
    of("TaskCompleted", 1),
    of("ExecutionCompleted", null),
  ];
  return stored({ executionId: "execution-1~1", history: history(() => change(rows)) });
}

describe("[C6] what is wrong with an instance that has ended", () => {
  it.each(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"])("[C6.1] nothing: %s", (status) => {
    expect(faultsOf(stored({ status }))).toEqual([]);
  });

  it.each(instances)("[C6.2] %s", (_title, spoilt, says) => {
    expect(texts(faultsOf(spoilt))).toEqual(says);
  });

  it("[C6.14] one that was rewound is sound, and what came after the rewind is looked at as all else is", () => {
    expect(faultsOf(rewound((rows) => rows))).toEqual([]);
    const twice = rewound((rows) => rows.toSpliced(6, 0, rows[5] as HistoryRow));
    expect(texts(faultsOf(twice))).toEqual(["twice: a: TaskCompleted #1 at 6 is there twice"]);
    expect(texts(faultsOf(rewound((rows) => rows.slice(0, -1))))).toEqual(["wrong: a: has no end in its history"]);
    const unasked = rewound((rows) => rows.filter(({ type }) => type !== "ExecutionRewound"));
    expect(texts(faultsOf(unasked))).toContain("twice: a: TaskCompleted #1 at 4 is there twice");
  });
});

// The databases, and what was seen outside.

interface Stage {
  readonly world: World;
  readonly recorder: Recorder;
  readonly audit: Audit;
  readonly directory: string;
}

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Two instances and their activities, in a world whose clock is its own. What they do outside is reported at once. */
function makeStage(): Stage {
  const world = new World();
  const recorder = new Recorder();
  world.activity("step", (ctx: WorkflowActivityContext, label: string) => {
    const attempt = ctx.getAttemptNumber();
    for (const phase of ["started", "finished"] as const)
      recorder.reports.push({
        phase,
        label,
        instanceId: ctx.getWorkflowInstanceId(),
        taskExecutionId: ctx.getTaskExecutionId(),
        attempt,
        edition: "",
        life: "first",
        atMs: world.nowMs,
        epoch: recorder.epoch,
      });
    if (label === "flaky" && attempt === 1) throw new Error("not yet");
    return `${label} done`;
  });
  world.workflow("main", function* (ctx): Code {
    yield ctx.callActivity("step", "before");
    yield ctx.createTimer(2);
    yield ctx.callActivity("step", "after");
    yield ctx.callActivity("step", "flaky", { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } });
  });
  return { world, recorder, audit: new Audit(recorder), directory };
}

/** Puts the instances on disk as workerd does: a file for each, and one of the alarms. */
function save({ world }: Stage, ...absent: readonly string[]): void {
  const folder = objectDirectory(directory, "WorkflowInstance");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const metadata = new DatabaseSync(join(folder, "metadata.sqlite"));
  metadata.exec(
    "PRAGMA synchronous = OFF; CREATE TABLE _cf_ALARM (actor_id TEXT, actor_name TEXT, scheduled_time INTEGER)",
  );
  metadata.close();
  for (const { id, db, durableAlarm } of world.hosts.values()) {
    if (absent.includes(id)) continue;
    const file = join(folder, `${id}.sqlite`);
    db.tamper("VACUUM INTO ?", file);
    if (durableAlarm === null) continue;
    list(id, durableAlarm.atMs);
    setAlarm(file, durableAlarm.atMs);
  }
}

/** Puts an alarm on the runtime's list. */
function list(id: string, atMs: number): void {
  const metadata = new DatabaseSync(join(objectDirectory(directory, "WorkflowInstance"), "metadata.sqlite"));
  metadata.prepare("INSERT INTO _cf_ALARM VALUES (?, ?, ?)").run(id, id, BigInt(atMs) * 1_000_000n);
  metadata.close();
}

/** What the object itself knows of its alarm, in the runtime's own table; `null`: it has given it up. */
function setAlarm(file: string, atMs: number | null): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)");
  db.prepare("INSERT OR REPLACE INTO _cf_METADATA VALUES (1, ?)").run(atMs === null ? null : BigInt(atMs) * 1_000_000n);
  db.close();
}

/** `a` and `b` wait for their timers when all is killed; then both come to their end. */
async function killInTheMiddle(): Promise<Stage> {
  const stage = makeStage();
  await start(stage.world, "a", "main");
  await start(stage.world, "b", "main");
  save(stage);
  expect([...readAlarms(directory).keys()].sort()).toEqual(["a", "b"]);
  expect([...stage.audit.crashed(directory).keys()].sort()).toEqual(["a", "b"]);
  stage.world.crashAll();
  await stage.world.rest();
  return stage;
}

/** The reports of one activity of `a`. */
const isOf = (label: string) => (report: Report) => report.instanceId === "a" && report.label === label;

function forget({ recorder }: Stage, isForgotten: (report: Report) => boolean): void {
  const kept = recorder.reports.filter((report) => !isForgotten(report));
  recorder.reports.splice(0, recorder.reports.length, ...kept);
}

function again({ recorder }: Stage, label: string, change: Partial<Report>): void {
  recorder.reports.push({ ...(recorder.reports.find(isOf(label)) as Report), ...change });
}

const JOB = "00000000-0000-0000-0000-000000000001";

interface AuditRow {
  readonly title: string;
  readonly spoil: (stage: Stage) => unknown;
  readonly absent?: string;
  readonly says: readonly string[];
}

const auditRows: readonly AuditRow[] = [
  { title: "nothing is wrong", spoil: () => undefined, says: [] },
  {
    title: "an instance that was on disk is gone",
    spoil: () => undefined,
    absent: "b",
    says: ["lost: b was on disk at a crash and is gone"],
  },
  {
    title: "an instance that somebody purges may be gone",
    spoil: ({ audit }) => {
      audit.mayBeGone = (id) => id === "b";
    },
    absent: "b",
    says: [],
  },
  {
    title: "a result that was on disk is another",
    spoil: ({ world }) =>
      world
        .host("a")
        .db.tamper("UPDATE instance SET payload = replace(payload, 'before done', 'undone') WHERE seq >= 0"),
    says: ["lost: a: the history at a crash is not the beginning of a later one"],
  },
  {
    title: "an instance has not ended",
    spoil: ({ world }) => world.host("a").db.tamper("UPDATE instance SET type = 'RUNNING' WHERE seq = -1"),
    says: ["wrong: a: is RUNNING"],
  },
  ...["inbox", "outbox", "recovery"].map(
    (table): AuditRow => ({
      title: `a row is left in ${table}`,
      spoil: ({ world }) => {
        const { db } = world.host("a");
        db.tamper(`DROP TABLE IF EXISTS ${table}`);
        db.tamper(`CREATE TABLE ${table} (seq INTEGER)`);
        db.tamper(`INSERT INTO ${table} VALUES (1)`);
      },
      says: [`lost: a: 1 rows are left in ${table}`],
    }),
  ),
  {
    title: "an alarm is left",
    spoil: ({ world }) => {
      world.host("a").durableAlarm = { atMs: world.nowMs, ringsAtMs: world.nowMs };
    },
    says: ["wrong: a has ended and an alarm is still set"],
  },
  {
    title: "an activity never ran",
    spoil: (stage) => forget(stage, isOf("after")),
    says: ['lost: a: execution-1:3 1 "after" has not run'],
  },
  {
    title: "an activity never came to its end",
    spoil: (stage) => forget(stage, (report) => isOf("after")(report) && report.phase === "finished"),
    says: ['lost: a: execution-1:3 1 "after" has not run'],
  },
  {
    title: "another activity ran in the place of one",
    spoil: ({ recorder }) => {
      for (const [n, report] of recorder.reports.entries())
        if (isOf("after")(report)) recorder.reports[n] = { ...report, label: "other" };
    },
    says: ['lost: a: execution-1:3 1 "after" has not run'],
  },
  {
    title: "the second attempt of an activity never ran",
    spoil: (stage) => forget(stage, (report) => isOf("flaky")(report) && report.attempt === 2),
    says: ['lost: a: execution-1:4 2 "flaky" has not run'],
  },
  {
    title: "an activity of a terminated one need not have run",
    spoil: (stage) => {
      forget(stage, isOf("after"));
      stage.world.host("a").db.tamper("UPDATE instance SET type = 'TERMINATED' WHERE seq = -1");
    },
    says: [],
  },
  {
    title: "an activity ran before the timer was due",
    spoil: (stage) => again(stage, "after", { atMs: stage.world.nowMs - 1_001, life: "second" }),
    says: ['early: a: "after" ran 1 ms early'],
  },
  {
    title: "an activity ran that nobody has called",
    spoil: (stage) => again(stage, "after", { taskExecutionId: "execution-1:9" }),
    says: ["wrong: a: after ran and was not scheduled"],
  },
  {
    title: "an attempt ran that nobody has called",
    spoil: (stage) => again(stage, "after", { attempt: 2 }),
    says: ["wrong: a: after ran and was not scheduled"],
  },
  {
    title: "an activity ran again though its result was on disk",
    spoil: (stage) => again(stage, "before", { epoch: 1, life: "second" }),
    says: ["twice: a: execution-1:1 1 ran in epoch 1, its result was on disk before"],
  },
  {
    title: "an activity may have run again whose result was not on disk",
    spoil: (stage) => again(stage, "after", { epoch: 2, life: "second" }),
    says: [],
  },
  {
    title: "an activity ran twice between two kills, whether its result was on disk or not",
    spoil: (stage) => again(stage, "after", {}),
    says: ["twice: a: execution-1:3 1 has started twice without a restart"],
  },
];

describe("[C6] what the audit says after a kill", () => {
  it.each(auditRows)("[C6.3] $title", async ({ spoil, absent = "", says }) => {
    const stage = await killInTheMiddle();
    await spoil(stage);
    save(stage, absent);
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual(says);
  });

  it("[C6.4] what was there at one kill has to be there at the next", async () => {
    const stage = await killInTheMiddle();
    save(stage, "b");
    stage.audit.crashed(directory);
    expect(texts(stage.audit.violations)).toEqual(["lost: b was on disk at a crash and is gone"]);
  });

  it("[C6.5] what was on disk at the first kill still counts, and a failure that was at a later one does too", async () => {
    const stage = await killInTheMiddle();
    save(stage);
    stage.audit.crashed(directory);
    again(stage, "before", { epoch: 1, life: "second" });
    again(stage, "flaky", { epoch: 2, life: "second" });
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([
      "twice: a: execution-1:1 1 ran in epoch 1, its result was on disk before",
      "twice: a: execution-1:4 1 ran in epoch 2, its result was on disk before",
    ]);
  });

  it("[C6.15] an activity that was told to fail may run again once it is rewound, whatever was on disk", async () => {
    const stage = await killInTheMiddle();
    stage.recorder.fail("a", "flaky");
    save(stage);
    stage.audit.crashed(directory);
    again(stage, "flaky", { epoch: 2, life: "second" });
    again(stage, "before", { epoch: 2, life: "second" });
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([
      "twice: a: execution-1:1 1 ran in epoch 2, its result was on disk before",
    ]);
  });

  it("[C6.16] of a rerun, what its source has done has to have run there, and all else in the rerun; and a job runs nothing", async () => {
    const stage = await killInTheMiddle();
    const request = { requestId: "r", sourceInstanceId: "a", eventId: 3 };
    stage.world.post("r", (instance) => instance.rerun(request));
    const call = { operation: "pause" } as const;
    const job = { call, targets: { instanceIds: ["a"] }, matched: 1, rps: 50, beganAtMs: 0, progress: NOTHING_DONE };
    stage.world.workflow("job", function* (ctx): Code {
      yield ctx.callActivity("silent");
    });
    stage.world.activity("silent", () => undefined);
    await start(stage.world, jobId(JOB), "job", JSON.stringify(job));
    await stage.world.rest();
    save(stage);
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([]);
    expect([...new Set(stage.recorder.of("r").map(({ label }) => label))]).toEqual(["after", "flaky"]);
    const after = stage.recorder.of("r").find(({ label }) => label === "after") as Report;
    const { taskExecutionId } = after;
    const before = { ...after, label: "before", taskExecutionId: taskExecutionId.replace(/3$/, "1") };
    stage.recorder.reports.push(before);
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual(["wrong: r: before ran and was not scheduled"]);
    stage.audit.violations.length = 0;
    stage.recorder.reports.splice(stage.recorder.reports.indexOf(before), 1);
    forget(stage, (report) => report === after || (report.instanceId === "r" && report.label === "after"));
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([`lost: r: ${taskExecutionId} 1 "after" has not run`]);
  });

  it("[C6.17] an alarm of a job is nobody's fault where there is no catalog: it is kept for 30 days", async () => {
    const stage = await killInTheMiddle();
    save(stage);
    const hourMs = 3_600_000;
    const file = join(objectDirectory(directory, "WorkflowInstance"), "job.sqlite");
    new DatabaseSync(join(objectDirectory(directory, "WorkflowInstance"), "metadata.sqlite"))
      .prepare("INSERT INTO _cf_ALARM VALUES ('job', ?, ?)")
      .run(jobId(JOB), BigInt(hourMs) * 1_000_000n);
    setAlarm(file, hourMs);
    stage.audit.hasCatalog = false;
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([]);
    stage.audit.hasCatalog = true;
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual([`wrong: ${jobId(JOB)} has ended and an alarm is still set`]);
  });

  it("[C6.13] an alarm that only the runtime's list has, because a kill came before it was struck off, is nobody's; one that an object has is not", async () => {
    const stage = await killInTheMiddle();
    save(stage);
    const file = (id: string) => join(objectDirectory(directory, "WorkflowInstance"), `${id}.sqlite`);
    const hourMs = 3_600_000;
    list("never-there", hourMs);
    list("a", hourMs);
    list("purged", hourMs);
    new DatabaseSync(file("purged")).close();
    list("given-up", hourMs);
    setAlarm(file("given-up"), null);
    // Of an object that holds nothing else: somebody has woken what was purged.
    list("woken", hourMs);
    setAlarm(file("woken"), hourMs);
    stage.audit.ended(directory);
    expect(texts(stage.audit.violations)).toEqual(["wrong: woken has ended and an alarm is still set"]);
    expect([hourMs, hourMs + 1].map((beforeMs) => hasNoAlarm(directory, beforeMs))).toEqual([true, false]);
    expect(hasNoAlarm(directory)).toBe(false);
  });

  it("[C6.6] a database that is damaged is told of", async () => {
    const stage = await killInTheMiddle();
    // An index that does not hold what its table holds.
    const { db } = stage.world.host("a");
    db.tamper("CREATE TABLE extra (n INTEGER)");
    db.tamper("CREATE INDEX extra_n ON extra (n)");
    db.tamper("INSERT INTO extra VALUES (1)");
    save(stage);
    const file = new DatabaseSync(join(objectDirectory(directory, "WorkflowInstance"), "a.sqlite"), {
      defensive: false,
    });
    file.exec("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = NULL WHERE name = 'none'");
    file.exec("DELETE FROM sqlite_master WHERE name = 'extra_n'");
    file.close();
    expect(() => stage.audit.ended(directory)).toThrow(/a\.sqlite is damaged: /);
  });

  it("[C6.7] the tests that kill fail when there is a violation, an instance more or less, or one that is not completed", async () => {
    const stage = await killInTheMiddle();
    save(stage);
    expectSound(stage.audit, directory, ["b", "a"]);
    expect(() => expectSound(stage.audit, directory, ["a"])).toThrow();
    expect(() => expectSound(stage.audit, directory, ["a", "b", "c"])).toThrow();
    stage.world.host("a").db.tamper("UPDATE instance SET type = 'FAILED' WHERE seq = -1");
    save(stage);
    expect(() => expectSound(stage.audit, directory, ["a", "b"])).toThrow(/COMPLETED/);
    again(stage, "before", { epoch: 1, life: "second" });
    expect(() => expectSound(stage.audit, directory, ["a", "b"])).toThrow(/to deeply equal \[\]/);
  });
});

// What each kind of the campaign has to end with.

function subjectOf(kind: Kind): Subject {
  const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0, lives: 0, jobs: 0 };
  const stage = {
    client: new Client(),
    recorder: new Recorder(),
    isFinishing: false,
    hasCatalog: true,
    awaitsShards: false,
    acknowledged,
    violations: [],
  };
  const subject = new Subject("a", kind, stage, new Random(0));
  subject.started.set("a", true);
  return subject;
}

function kindOf(name: string): Kind {
  const kind = KINDS.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`There is no kind ${name}`);
  return kind;
}

type Ends = Readonly<Record<string, readonly [status: string, output?: unknown]>>;

function violationsOf(name: string, ends: Ends, prepare: (subject: Subject) => void = () => undefined): string[] {
  const subject = subjectOf(kindOf(name));
  prepare(subject);
  const all = Object.entries(ends).map(([instanceId, [status, output]]) => {
    const payload = output === undefined ? null : JSON.stringify(output);
    const end = { seq: 0, atMs: 0, type: "ExecutionCompleted", taskId: null, name: null, payload, detail: {} };
    return stored({ instanceId, status, history: [end] });
  });
  subject.expectEnd(new Map(all.map((instance) => [instance.instanceId, instance])));
  return texts(subject.stage.violations);
}

const done = ["chain-0 done", "chain-1 done", "chain-2 done", "chain-3 done"];
const tree = (status: string): Ends => ({
  a: [status],
  "a:0002": [status],
  "a:0003": [status],
  "a:0003:0001": [status],
});
const item = (sender: string, n: number) => ({ sender, n });
/** Of these the last was not acknowledged. */
const raised = (subject: Subject) =>
  subject.raised.push(
    { ...item("a", 0), isAcknowledged: true },
    { ...item("b", 0), isAcknowledged: true },
    { ...item("a", 1), isAcknowledged: false },
  );

interface KindRow {
  readonly kind: string;
  readonly title: string;
  readonly prepare?: (subject: Subject) => unknown;
  readonly sound: Ends;
  readonly spoilt: Ends;
  readonly says: readonly string[];
}

const eventRows = (kind: string): readonly KindRow[] => {
  const row = (title: string, spoilt: Ends[string], ...says: string[]): KindRow => ({
    kind,
    title,
    prepare: raised,
    sound: { a: ["COMPLETED", [item("a", 0), item("b", 0)]] },
    spoilt: { a: spoilt },
    says,
  });
  return [
    row("an acknowledged event is missing", ["COMPLETED", [item("a", 0)]], "lost: a: event b 0"),
    row(
      "an event is there twice",
      ["COMPLETED", [item("a", 0), item("b", 0), item("b", 0)]],
      "twice: a: an event in a 0,b 0,b 0",
    ),
    row(
      "an event was never sent",
      ["COMPLETED", [item("a", 0), item("b", 0), item("b", 7)]],
      "wrong: a: event b 7 was never sent",
    ),
    row(
      "events are out of order",
      ["COMPLETED", [item("a", 1), item("b", 0), item("a", 0)]],
      "wrong: a: order of sender a: 1,0",
    ),
    row("it has failed", ["FAILED"], "wrong: a: ended as FAILED"),
    row("it has given nothing back", ["COMPLETED"], "wrong: a: ended as COMPLETED"),
  ];
};

const kindRows: readonly KindRow[] = [
  ...["events", "buffered events", "continue-as-new"].flatMap(eventRows),
  {
    kind: "suspended",
    title: "a step is done twice",
    sound: { a: ["COMPLETED", done] },
    spoilt: { a: ["COMPLETED", [...done, "chain-3 done"]] },
    says: [expect.stringMatching(/^wrong: a: ended as .*, expected the output \["chain-0 done"/)],
  },
  {
    kind: "suspended",
    title: "it has failed",
    sound: { a: ["COMPLETED", done] },
    spoilt: { a: ["FAILED", done] },
    says: [expect.stringMatching(/^wrong: a: ended as \{"status":"FAILED"/)],
  },
  {
    kind: "suspended",
    title: "it is not there",
    sound: { a: ["COMPLETED", done] },
    spoilt: {},
    says: ["lost: a: a was acknowledged and is not there"],
  },
  {
    kind: "updates",
    title: "an acknowledged update is missing",
    prepare: (subject) => subject.updates.push("entry-0", "entry-1"),
    sound: { a: ["COMPLETED", ["entry-0", "entry-1"]] },
    spoilt: { a: ["COMPLETED", ["entry-1"]] },
    says: [expect.stringMatching(/^wrong: a: ended as .*, expected the output \["entry-0","entry-1"\]$/)],
  },
  {
    kind: "detached",
    title: "what was announced has not come",
    sound: { a: ["COMPLETED"], "a-d": ["COMPLETED", [0, 1, 2, 3, 4, 5]] },
    spoilt: { a: ["COMPLETED"] },
    says: [expect.stringMatching(/^wrong: a: ended as \{"status":"missing"\}/)],
  },
  ...[
    ["terminate", "TERMINATED"],
    ["cancel", "CANCELED"],
  ].flatMap(([kind = "", status = ""]): KindRow[] => [
    {
      kind,
      title: "a grandchild goes on",
      sound: tree(status),
      spoilt: { ...tree(status), "a:0003:0001": ["RUNNING"] },
      says: [`lost: a: the ${kind}: ':0003:0001' is RUNNING`],
    },
    {
      kind,
      title: "it has ended in another way",
      sound: { a: [status] },
      spoilt: { a: ["COMPLETED"] },
      says: [`lost: a: the ${kind}: '' is COMPLETED`],
    },
  ]),
  {
    kind: "purge",
    title: "it is still there",
    sound: {},
    spoilt: { a: ["TERMINATED"] },
    says: ["lost: a: the purge: '' is TERMINATED"],
  },
  {
    kind: "purge",
    title: "a child is still there",
    sound: {},
    spoilt: { "a:0002": ["TERMINATED"] },
    says: ["lost: a: the purge: ':0002' is TERMINATED"],
  },
];

describe("[C6] what the campaign says of its instances", () => {
  it.each(kindRows)("[C6.8] $kind: $title", ({ kind, prepare, sound, spoilt, says }) => {
    expect(violationsOf(kind, sound, prepare)).toEqual([]);
    expect(violationsOf(kind, spoilt, prepare)).toEqual(says);
  });

  it.each(KINDS.map(({ name }) => name))("[C6.9] %s: no instance may have failed", (name) => {
    expect(violationsOf(name, { a: ["FAILED"], "a-d": ["FAILED"], "a-t0": ["FAILED"] })).not.toEqual([]);
  });

  it("[C6.10] a scheduled start that came early", async () => {
    for (const [atMs, says] of [
      [Number.MAX_SAFE_INTEGER, []],
      [0, ["early: a: started before its time"]],
    ] as const) {
      const subject = subjectOf(kindOf("scheduled start"));
      Object.assign(subject, { start: async () => undefined, seen: async () => undefined });
      subject.stage.recorder.reports.push({ instanceId: "a", atMs } as Report);
      await subject.kind.play(subject);
      expect(texts(subject.stage.violations)).toEqual(says);
    }
  });

  it("[C6.11] a pause that came to nothing", async () => {
    for (const [status, says] of [
      ["SUSPENDED", []],
      ["COMPLETED", []],
      ["RUNNING", ["lost: a: the pause: it is RUNNING"]],
    ] as const) {
      const subject = subjectOf(kindOf("suspended"));
      const nothing = async () => undefined;
      Object.assign(subject, {
        start: nothing,
        seen: nothing,
        operate: nothing,
        pause: nothing,
        status: async () => status,
      });
      await subject.kind.play(subject);
      expect(texts(subject.stage.violations)).toEqual(says);
    }
  });

  it("[C6.12] a request that a server has refused", async () => {
    const subject = subjectOf(kindOf("chain"));
    const answers = [{ status: 500, text: '{"errorCode":"ERR_X"}' }, undefined, { status: 202, text: "" }];
    subject.stage.client.send = async () => answers.shift();
    await subject.operate("pause");
    expect(texts(subject.stage.violations)).toEqual(['wrong: a: POST a/pause answered 500: {"errorCode":"ERR_X"}']);
    expect(subject.stage.acknowledged.operations).toBe(1);
  });
});
