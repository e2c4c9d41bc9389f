// [C9] What the campaign of kills says of repairs, bulk jobs, retention and branches: a sound end of each, of which it says nothing, and the same one with
// one thing broken. Nothing is killed here.
import { describe, expect, it } from "vitest";
import { rerunId } from "../../../src/jobs/call-instance.ts";
import { type JobInput, NOTHING_DONE } from "../../../src/jobs/job.ts";
import { Random } from "../random.ts";
import { Client } from "./client.ts";
import type { HistoryRow, StoredInstance } from "./database.ts";
import { done } from "./kind.ts";
import { KINDS } from "./kinds.ts";
import { Recorder } from "./recorder.ts";
import { type Stage, Subject } from "./subject.ts";

type Ends = Record<string, Partial<StoredInstance>>;

function subjectOf(name: string): Subject {
  const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0, lives: 0, jobs: 0 };
  const common = { client: new Client(), recorder: new Recorder(), acknowledged, violations: [] };
  const stage: Stage = { ...common, isFinishing: true, hasCatalog: true, awaitsShards: true };
  const kind = KINDS.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`There is no kind ${name}`);
  return new Subject("a", kind, stage, new Random(0));
}

const event = (type: string, more: Partial<HistoryRow> = {}): HistoryRow => ({
  ...{ seq: 0, atMs: 0, type, taskId: null, name: null, payload: null, detail: {} },
  ...more,
});

/** A history of these events, and an end with this output. */
function ended(output: unknown, ...events: HistoryRow[]): Partial<StoredInstance> {
  const payload = output === undefined ? null : JSON.stringify(output);
  return { status: "COMPLETED", history: [...events, event("ExecutionCompleted", { payload })] };
}

const rerunOf = (instanceId: string, eventId: number) =>
  event("ExecutionStarted", { detail: { rerunOf: { instanceId, eventId } } });

function ran(subject: Subject, instanceId: string, ...labels: string[]): void {
  for (const label of labels)
    for (const phase of ["started", "finished"] as const) {
      const ids = { reportId: crypto.randomUUID(), instanceId, taskExecutionId: `${instanceId}-1:1` };
      const report = { ...ids, again: 0, phase, label, attempt: 1, edition: "", life: "first" };
      subject.stage.recorder.take(report, { end: (() => undefined) as never });
    }
}

function violationsOf(subject: Subject, ends: Ends): string[] {
  const all = Object.entries(ends).map(([instanceId, end]): [string, StoredInstance] => {
    const left = { inbox: 0, outbox: 0, recovery: 0, telling: 0 };
    return [instanceId, { instanceId, executionId: "e", createdAtMs: 0, status: "?", history: [], left, ...end }];
  });
  subject.stage.violations.length = 0;
  subject.expectEnd(new Map(all));
  return subject.stage.violations.map(({ what, text }) => `${what}: ${text}`);
}

/** `spoilt` has one thing else than `sound`. */
interface Row {
  readonly kind: string;
  readonly title: string;
  readonly prepare: (subject: Subject) => void;
  readonly sound: Ends;
  readonly spoilt?: Ends;
  /** In place of `spoilt`: what else has been seen. */
  readonly spoil?: (subject: Subject) => void;
  readonly says: readonly unknown[];
}

function check({ kind, prepare, sound, spoilt = {}, spoil, says }: Row): void {
  const subject = subjectOf(kind);
  prepare(subject);
  expect(violationsOf(subject, sound)).toEqual([]);
  spoil?.(subject);
  const ends = Object.entries({ ...sound, ...spoilt }).filter(([, { status }]) => status !== "missing");
  expect(violationsOf(subject, Object.fromEntries(ends))).toEqual(says);
}

const MISSING = { status: "missing" };
const itself = (subject: Subject) => void subject.started.set("a", true);
const FAMILY = [done("chain", 2), done("chain", 1), done("chain", 1)];
const FAMILY_ENDS: Ends = Object.fromEntries(
  ["a", "a-r"].flatMap((root) =>
    [":0001", ":0002", ":0003", ":0003:0001"].map((child) => [root + child, ended(undefined)]),
  ),
);

const rerun: Omit<Row, "title" | "says"> = {
  kind: "rerun",
  prepare: (subject) => {
    for (const id of ["a", "a-r"]) subject.started.set(id, true);
    subject.chosen = 3;
    ran(subject, "a-r", "chain-2", "chain-3", "last");
  },
  sound: { a: ended(done("chain", 4)), "a-r": ended(done("chain", 4), rerunOf("a", 3)) },
};
const ofFamily: Omit<Row, "title" | "says"> = {
  kind: "rerun with children",
  prepare: (subject) => {
    itself(subject);
    subject.chosen = 2;
  },
  sound: { ...FAMILY_ENDS, a: ended(FAMILY), "a-r": ended(FAMILY, rerunOf("a", 2)) },
};
const rewound = (times: number) => ended(done("chain", 1), ...Array(times).fill(event("ExecutionRewound")));

const repairs: readonly Row[] = [
  {
    ...rerun,
    title: "it has done again what its source has done",
    spoil: (subject) => ran(subject, "a-r", "chain-1"),
    says: ["wrong: a: in a-r there ran chain-1,chain-2,chain-3,last, expected chain-2,chain-3,last"],
  },
  {
    ...rerun,
    title: "it is of another call",
    spoilt: { "a-r": ended(done("chain", 4), rerunOf("a", 2)) },
    says: ['wrong: a: its rerun says that it is of {"instanceId":"a","eventId":2}'],
  },
  {
    ...rerun,
    title: "it is not there",
    spoilt: { "a-r": MISSING },
    says: ["lost: a: a-r was acknowledged and is not there"],
  },
  {
    ...rerun,
    title: "its source has come to another end",
    spoilt: { a: ended(done("chain", 3)) },
    says: [expect.stringMatching(/^wrong: a: ended as /)],
  },
  {
    ...ofFamily,
    title: "one of its own children is not there",
    spoilt: { "a-r:0003:0001": MISSING },
    says: ["wrong: a: a-r:0003:0001 is missing, expected COMPLETED"],
  },
  {
    ...ofFamily,
    title: "it has started children that had answered its source",
    sound: {
      ...Object.fromEntries(Object.entries(FAMILY_ENDS).filter(([id]) => !id.startsWith("a-r"))),
      a: ended(FAMILY),
      "a-r": ended(FAMILY, rerunOf("a", 4)),
    },
    prepare: (subject) => {
      itself(subject);
      subject.chosen = 4;
    },
    spoilt: { "a-r:0001": ended(undefined) },
    says: ["wrong: a: a-r:0001 is COMPLETED, expected missing"],
  },
  {
    kind: "rewind",
    title: "one that was sent twice has counted twice, and has not reached the child",
    prepare: itself,
    sound: { a: rewound(1), "a:0001": rewound(1) },
    spoilt: { a: rewound(2), "a:0001": rewound(0) },
    says: ["twice: a: 2 times ExecutionRewound in a history", "lost: a: 0 times ExecutionRewound in a history"],
  },
  {
    kind: "version",
    title: "one that was sent twice has counted twice",
    prepare: itself,
    sound: { a: ended("v2 done", event("ExecutionVersionChanged")) },
    spoilt: { a: ended("v2 done", event("ExecutionVersionChanged"), event("ExecutionVersionChanged")) },
    says: ["twice: a: 2 times ExecutionVersionChanged in a history"],
  },
  {
    kind: "version",
    title: "it has gone on with the version before",
    prepare: itself,
    sound: { a: ended("v2 done", event("ExecutionVersionChanged")) },
    spoilt: { a: ended("v1 done", event("ExecutionVersionChanged")) },
    says: [expect.stringMatching(/^wrong: a: ended as .* expected the output "v2 done"$/)],
  },
  {
    kind: "restart",
    title: "one that was sent twice has begun two runs",
    prepare: (subject) => {
      itself(subject);
      for (const id of ["x", "y"]) ran(subject, "a", id);
      for (const [n, report] of subject.stage.recorder.reports.entries())
        Object.assign(report, { taskExecutionId: `e${n < 2 ? 1 : 2}:1` });
    },
    sound: { a: ended(0) },
    spoil: (subject) => ran(subject, "a", "z"),
    says: ["wrong: a: one restart, and 3 runs"],
  },
  {
    kind: "search attributes",
    title: "one that was taken back is still there",
    prepare: itself,
    sound: { a: { status: "COMPLETED", searchAttributes: { owner: "a", n: 7, phase: "done" } } },
    spoilt: { a: { status: "COMPLETED", searchAttributes: { owner: "a", n: 7, phase: "done", gone: 1 } } },
    says: ['wrong: a: its search attributes are {"owner":"a","n":7,"phase":"done","gone":1}'],
  },
];

const calls = [
  ...["a-0", "b-0", "b-1", "c-0", "c-1", "c-2"].map((label) => [label, `branch-${"abc".indexOf(label[0] ?? "") + 1}`]),
  ...[
    ["d-0", "winner"],
    ["d-1", "winner"],
    ["tidied", "loser"],
  ],
] as const;
const callOf = ([label, branch]: readonly (string | undefined)[]) =>
  event("TaskScheduled", { payload: JSON.stringify(label), detail: branch === undefined ? {} : { branch } });
const came = (name: string, length: number) => [...done(name, length), `${name} came`];
const branching: Omit<Row, "title" | "says"> = {
  kind: "branches",
  prepare: (subject) => {
    itself(subject);
    ran(subject, "a", ...calls.map(([label]) => label ?? ""), "last");
  },
  sound: {
    a: ended([came("a", 1), came("b", 2), came("c", 3), came("d", 2)], ...[...calls, ["last"]].map(callOf)),
  },
};

const branches: readonly Row[] = [
  {
    ...branching,
    title: "a strand has come to another end",
    spoilt: { a: ended([came("a", 1), came("b", 2), came("c", 2), came("d", 2)], ...[...calls, ["last"]].map(callOf)) },
    says: [expect.stringMatching(/^wrong: a: ended as /)],
  },
  {
    ...branching,
    title: "a loser has gone on",
    spoil: (subject) => ran(subject, "a", "loser-1"),
    says: [expect.stringMatching(/^wrong: a: in a there ran .*loser-1/)],
  },
  {
    ...branching,
    title: "a call is of another's branch, and one of none",
    spoilt: {
      a: ended(
        [came("a", 1), came("b", 2), came("c", 3), came("d", 2)],
        ...[["a-0", "branch-2"], ["tidied"], ["last", "loser"]].map(callOf),
      ),
    },
    says: [
      "wrong: a: a-0 is of the branch branch-2, not branch-1",
      "wrong: a: tidied is of the branch undefined, not loser",
      "wrong: a: last is of the branch loser, not undefined",
    ],
  },
];

const JOB = "bulk:00000000-0000-0000-0000-000000000001";
const TARGETS = [0, 1, 2, 3, 4].map((n) => `a-t${n}`);

function job(operation: JobInput["call"]["operation"], done: number, status = "COMPLETED"): Partial<StoredInstance> {
  const call = { operation, reason: "a" };
  const input = { call, matched: 5, targets: { instanceIds: TARGETS }, rps: 2, beganAtMs: 0, progress: NOTHING_DONE };
  const history = [event("ExecutionStarted", { payload: JSON.stringify(input) })];
  return { status, history, customStatus: JSON.stringify({ ...NOTHING_DONE, done }) };
}

const group = (end: (id: string) => Partial<StoredInstance>): Ends =>
  Object.fromEntries(TARGETS.map((id) => [id, end(id)]));
const begun = (subject: Subject) => {
  for (const id of TARGETS) subject.started.set(id, true);
  subject.jobs.push(JOB);
};
const rerunsOf = (jobId: string): Ends =>
  Object.fromEntries(
    TARGETS.map((id) => [rerunId({ jobId, instanceId: id }), ended(done("chain", 1), rerunOf(id, 2))]),
  );
const ranOnce = (subject: Subject) => {
  begun(subject);
  for (const id of TARGETS) ran(subject, rerunId({ jobId: JOB, instanceId: id }), "last");
};
const FIRST = rerunId({ jobId: JOB, instanceId: "a-t0" });
const bulkRerun: Omit<Row, "title" | "says"> = {
  kind: "bulk rerun",
  prepare: ranOnce,
  sound: { ...group(() => ended(done("chain", 1))), ...rerunsOf(JOB), [JOB]: job("rerun", 5) },
};
const bulkTerminate: Omit<Row, "title" | "says"> = {
  kind: "bulk terminate",
  prepare: begun,
  sound: { ...group(() => ({ status: "TERMINATED" })), [JOB]: job("terminate", 5) },
};
const bulkPurge: Omit<Row, "title" | "says"> = {
  kind: "bulk purge",
  prepare: begun,
  sound: { [JOB]: job("purge", 5) },
};

const bulk: readonly Row[] = [
  {
    ...bulkTerminate,
    title: "a target was passed over",
    spoilt: { "a-t3": { status: "RUNNING" } },
    says: ["wrong: a: a-t3 is RUNNING, expected TERMINATED"],
  },
  {
    ...bulkTerminate,
    title: "its figures count a target twice",
    spoilt: { [JOB]: job("terminate", 6) },
    says: [expect.stringMatching(/^wrong: a: bulk:.*: COMPLETED, 5 matched, \{"done":6,/)],
  },
  {
    ...bulkTerminate,
    title: "it has not come to its end",
    spoilt: { [JOB]: job("terminate", 5, "FAILED") },
    says: [expect.stringMatching(/^lost: a: bulk:.*: FAILED/)],
  },
  {
    ...bulkTerminate,
    title: "it is not there",
    spoilt: { [JOB]: MISSING },
    says: [`lost: a: the job ${JOB} was acknowledged and is not there`],
  },
  {
    ...bulkPurge,
    title: "a target is still there",
    spoilt: { "a-t1": ended(undefined) },
    says: ["wrong: a: a-t1 is COMPLETED, expected missing"],
  },
  {
    ...bulkPurge,
    title: "a target that was gone has come back",
    prepare: (subject) => {
      begun(subject);
      subject.gone.add("a-t1");
    },
    spoilt: { "a-t1": ended(undefined) },
    says: ["wrong: a: a-t1 was gone, and is there again", "wrong: a: a-t1 is COMPLETED, expected missing"],
  },
  {
    ...bulkRerun,
    title: "a target has no rerun",
    spoilt: { [FIRST]: MISSING },
    says: ["lost: a: reruns of a-t0: "],
  },
  {
    ...bulkRerun,
    title: "a target has two",
    spoilt: { again: ended(done("chain", 1), rerunOf("a-t0", 2)) },
    spoil: (subject) => ran(subject, "again", "last"),
    says: [`twice: a: reruns of a-t0: ${[FIRST, "again"].sort()}`],
  },
  {
    ...bulkRerun,
    title: "a rerun has done again what its source has done",
    spoil: (subject) => ran(subject, FIRST, "chain-0"),
    says: [`wrong: a: in ${FIRST} there ran chain-0,last, expected last`],
  },
  {
    kind: "bulk raise",
    title: "one target has got the event twice, and one not at all",
    prepare: begun,
    sound: { ...group(() => ended(["from a job"])), [JOB]: job("raise", 5) },
    spoilt: { "a-t0": ended(["from a job", "from a job"]), "a-t1": ended([]) },
    says: ["twice: a: a-t0 has got 2 events of 1 jobs", "lost: a: a-t1 has not got the job's event"],
  },
];

const retention: readonly Row[] = [
  {
    kind: "retention of 0s",
    title: "it is still there, and its child has gone with it",
    prepare: itself,
    sound: { "a:0001": ended(undefined) },
    spoilt: { a: ended(undefined), "a:0001": MISSING },
    says: ["wrong: a: a is COMPLETED, expected missing", "wrong: a: a:0001 is missing, expected COMPLETED"],
  },
  {
    kind: "retention of 1s",
    title: "it is still there",
    prepare: itself,
    sound: {},
    spoilt: { a: ended(0) },
    says: ["wrong: a: a is COMPLETED, expected missing"],
  },
];

const hears = (subject: Subject, id: string, runtimeStatus = "COMPLETED") =>
  subject.stage.recorder.hear(id, { data: { instanceID: "a", runtimeStatus } });
const webhook: Omit<Row, "title" | "says"> = {
  kind: "webhook",
  prepare: (subject) => {
    itself(subject);
    for (const _again of [1, 2]) hears(subject, "msg_1");
  },
  sound: { a: ended(done("chain", 1)) },
};

/** Runs that have begun and not ended, in so many instances. */
function begin(subject: Subject, ...instanceIds: string[]): void {
  for (const instanceId of instanceIds) {
    const ids = { reportId: crypto.randomUUID(), instanceId, taskExecutionId: `${instanceId}-1:1` };
    const report = { ...ids, again: 0, phase: "started", label: "slot-0", attempt: 1, edition: "", life: "" } as const;
    subject.stage.recorder.take(report, { end: (() => undefined) as never });
  }
}

const outside: readonly Row[] = [
  {
    ...webhook,
    title: "another ID has told of it, too",
    spoil: (subject) => hears(subject, "msg_2"),
    says: ["twice: a: its end was told under 2 IDs"],
  },
  {
    ...webhook,
    title: "another end was told than it has",
    spoil: (subject) => hears(subject, "msg_1", "FAILED"),
    says: ["wrong: a: a is COMPLETED, expected FAILED"],
  },
  {
    kind: "limited activities",
    title: "more run at once than may; those that a kill has ended do not count",
    prepare: (subject) => {
      itself(subject);
      begin(subject, "x", "y", "z");
      subject.stage.recorder.epoch++;
      begin(subject, "x", "y", "z");
    },
    sound: { a: ended(done("slot", 4)) },
    spoil: (subject) => begin(subject, "v"),
    says: ["wrong: a: 4 ran at once, and 3 may"],
  },
];

describe("[C9] what the campaign says of operations", () => {
  it.each(repairs)("[C9.1] $kind: $title", check);
  it.each(bulk)("[C9.2] $kind: $title", check);
  it.each(retention)("[C9.3] $kind: $title", check);

  it.each(outside)("[C9.5] $kind: $title", check);
  it.each(branches)("[C9.7] $kind: $title", check);

  it("[C9.6] a webhook that has not arrived is lost", () => {
    const subject = subjectOf("webhook");
    itself(subject);
    const missing = "lost: a: its webhook has not arrived";
    expect(violationsOf(subject, { a: ended(done("chain", 1)) })).toEqual([missing]);
  });

  it("[C9.4] one that goes by the alarm of a shard may be there still where nobody has waited for that", () => {
    const subject = subjectOf("retention of 1s");
    Object.assign(subject.stage, { awaitsShards: false });
    itself(subject);
    expect(violationsOf(subject, { a: ended(0) })).toEqual([]);
    expect(violationsOf(subject, { a: { status: "FAILED" } })).toEqual(["wrong: a: a is FAILED, expected missing"]);
  });
});
