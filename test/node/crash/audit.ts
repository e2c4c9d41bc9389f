// What has to hold of the databases and of what was seen outside, at every crash and in the end.
import { isDeepStrictEqual } from "node:util";
import { executionOfName, isJobId } from "../../../src/model/ids.ts";
import { type HistoryRow, readAlarms, readInstances, readStrayAlarms, type StoredInstance } from "./database.ts";
import { faultsOf, type Violation } from "./faults.ts";
import { apart, harnessFaultOf, rootOf, type Verdict } from "./harness.ts";
import type { Recorder, Report } from "./recorder.ts";

/** Names one run of an activity through all restarts: the attempts of a call share the task execution ID. */
const runKey = (taskExecutionId: string, attempt: unknown) => `${taskExecutionId} ${attempt ?? 1}`;
const scheduledKey = (executionId: string, { taskId, detail }: HistoryRow) =>
  runKey(`${executionOfName(executionId).executionId}:${detail.firstId ?? taskId}`, detail.attempt);
const reportKey = ({ taskExecutionId, attempt }: Report) => runKey(taskExecutionId, attempt);

export class Audit {
  readonly violations: Violation[] = [];
  /** Whether somebody purges this instance, or one above it. */
  mayBeGone: (id: string) => boolean = () => false;
  /** Whether objects break while the server goes on, as they do when their disk is full: an activity may then begin again. */
  objectsBreak = false;
  /** Without a catalog an instance keeps an alarm for the end of its retention; jobs are kept for 30 days. */
  hasCatalog = true;
  readonly #recorder: Recorder;
  #previous: ReadonlyMap<string, StoredInstance> = new Map();
  /** By the root of its tree, how the harness has failed an instance. */
  readonly #harness = new Map<string, string>();
  /** Activities whose result was on disk at a crash, and how many crashes there had been then. */
  readonly #recorded = new Map<string, number>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Nothing runs: everything has been killed. From here on the recorder counts one crash more. */
  crashed(directory: string): ReadonlyMap<string, StoredInstance> {
    const epoch = ++this.#recorder.epoch;
    const instances = this.#read(directory);
    for (const { instanceId, executionId, history } of instances.values()) {
      const runs = runsOf(executionId, history);
      for (const { type, taskId } of history) {
        const run = runs.get(taskId ?? 0);
        const isToRunAgain = () => this.#recorder.hasFailed(instanceId, JSON.parse(run?.label ?? "null"));
        const isResult = type === "TaskCompleted" || (type === "TaskFailed" && !isToRunAgain());
        if (isResult && run !== undefined && !this.#recorded.has(run.key)) this.#recorded.set(run.key, epoch);
      }
    }
    return instances;
  }

  /** Everything has ended and was stopped in good order. */
  ended(directory: string): ReadonlyMap<string, StoredInstance> {
    const instances = this.#read(directory);
    for (const instance of instances.values()) this.violations.push(...faultsOf(instance));
    const strays = readStrayAlarms(directory);
    for (const id of readAlarms(directory).keys())
      if (!strays.has(id) && (this.hasCatalog || !isJobId(id)))
        this.#add("wrong", `${id} has ended and an alarm is still set`);
    const reports = Map.groupBy(this.#recorder.reports, reportKey);
    for (const instance of instances.values()) this.#checkReports(instance, reports);
    for (const [key, all] of reports) {
      const recordedIn = this.#recorded.get(key) ?? Number.POSITIVE_INFINITY;
      const again = all.find(({ epoch }) => epoch >= recordedIn);
      if (again !== undefined)
        this.#add("twice", `${again.instanceId}: ${key} ran in epoch ${again.epoch}, its result was on disk before`);
      // Only a restart is a reason to begin an activity again.
      const ofOneLife = Map.groupBy(all, ({ life, phase }) => `${life} ${phase}`);
      const twice = [...ofOneLife.values()].find((reports) => reports.length > 1)?.[1];
      if (twice !== undefined && !this.objectsBreak)
        this.#add("twice", `${twice.instanceId}: ${key} has ${twice.phase} twice without a restart`);
    }
    return instances;
  }

  /** The harness has failed with this instance, or with one of its tree. */
  blameHarness(instanceId: string, text: string): void {
    this.#harness.set(rootOf(instanceId), `${instanceId}: ${text}`);
  }

  /** What was seen, the engine's faults and the harness's own apart. */
  verdict(): Verdict {
    return apart(this.violations, this.#harness);
  }

  #add(what: Violation["what"], text: string): void {
    this.violations.push({ what, text });
  }

  /** What was on disk before is the beginning of what is there now. */
  #read(directory: string): ReadonlyMap<string, StoredInstance> {
    const instances = readInstances(directory);
    for (const instance of instances.values()) {
      const fault = harnessFaultOf(instance);
      if (fault !== undefined) this.blameHarness(instance.instanceId, fault);
    }
    for (const [id, before] of this.#previous) {
      const now = instances.get(id);
      if (now === undefined) {
        if (!this.mayBeGone(id)) this.#add("lost", `${id} was on disk at a crash and is gone`);
      } else if (idOf(now) === idOf(before)) {
        const isPrefix = isDeepStrictEqual(now.history.slice(0, before.history.length), before.history);
        if (!isPrefix) this.#add("lost", `${id}: the history at a crash is not the beginning of a later one`);
      }
    }
    this.#previous = instances;
    return instances;
  }

  /** Each activity of the history ran, nothing else did, and none before a timer that the history has before it was due. */
  #checkReports({ instanceId, executionId, status, history }: StoredInstance, all: Map<string, Report[]>): void {
    // What a job does is told by its targets.
    if (isJobId(instanceId)) return;
    const runs = [...runsOf(executionId, history).values()];
    const known = new Set(runs.map(({ key }) => key));
    for (const { key, label, notBeforeMs } of runs) {
      const reports = all.get(key) ?? [];
      const hasRun = reports.some((report) => report.phase === "finished" && JSON.stringify(report.label) === label);
      if (!hasRun && status !== "TERMINATED" && status !== "CANCELED")
        this.#add("lost", `${instanceId}: ${key} ${label} has not run`);
      for (const { atMs } of reports)
        if (atMs < notBeforeMs) this.#add("early", `${instanceId}: ${label} ran ${notBeforeMs - atMs} ms early`);
    }
    const ofExecution = this.#recorder
      .of(instanceId)
      .filter((report) => report.taskExecutionId.startsWith(executionOfName(executionId).executionId));
    for (const report of ofExecution)
      if (!known.has(reportKey(report))) this.#add("wrong", `${instanceId}: ${report.label} ran and was not scheduled`);
  }
}

/** Of its execution, rewound or not. */
function idOf({ executionId }: StoredInstance): string {
  return executionOfName(executionId).executionId;
}

interface Run {
  readonly key: string;
  /** JSON. */
  readonly label: string | null;
  /** The latest of the times of the timers that had fired when it was scheduled. */
  readonly notBeforeMs: number;
}

/** Of a rerun: what it has begun with and what was answered by then has run in its source. */
function ranInSource(history: readonly HistoryRow[]): ReadonlySet<number | null> {
  const of = history[0]?.detail.rerunOf as { events?: number } | undefined;
  const answers = history.slice(0, of?.events ?? 0).filter(({ type }) => /^Task(Completed|Failed)$/.test(type));
  return new Set(answers.map(({ taskId }) => taskId));
}

/** The runs of activities in a history, by their task IDs. */
function runsOf(executionId: string, history: readonly HistoryRow[]): Map<number, Run> {
  const fireAtMs = new Map<number | null, number>();
  const runs = new Map<number, Run>();
  const before = ranInSource(history);
  let notBeforeMs = 0;
  for (const row of history) {
    if (row.type === "TimerCreated") fireAtMs.set(row.taskId, Number(row.detail.fireAtMs));
    if (row.type === "TimerFired") notBeforeMs = Math.max(notBeforeMs, fireAtMs.get(row.taskId) ?? 0);
    if (row.type === "TaskScheduled" && !before.has(row.taskId))
      runs.set(row.taskId ?? 0, { key: scheduledKey(executionId, row), label: row.payload, notBeforeMs });
  }
  return runs;
}
