// What has to hold at every moment of a simulation, looked at whenever something has become durable.

import { replayOrder } from "../../../src/engine/rewind.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { executionOfName } from "../../../src/model/ids.ts";
import { INSTANCE } from "../../rows.ts";
import type { Host } from "../instance/host.ts";
import type { Point, World } from "../instance/world.ts";

interface State {
  readonly status: string;
  readonly execution: string;
  readonly generation: number;
  readonly rewinds: number;
  /** The history, event by event, as text. */
  readonly events: readonly string[];
  /** What was accepted and may not be lost: events by their message, updates by their ID, terminates and cancels. */
  readonly accepted: ReadonlySet<string>;
  /** Activities and timers without an answer. */
  readonly open: number;
  readonly inbox: number;
  /** It waits for its start, and is paused: nothing is to be done before somebody resumes it. */
  readonly isStartPaused: boolean;
  readonly outbox: number;
}

export interface Parent {
  readonly instanceId: string;
  readonly executionId: string;
}

/** Who has been whose child, as far as it has ever been stored. */
export interface Lineage {
  /** The parents that each instance has had, those of purged ones too. */
  readonly parents: Map<string, Parent[]>;
  /** Executions of ended instances whose ID another one has taken since: their children are nobody's any more. */
  readonly replaced: Set<string>;
  /** All that have had an ID; executions of a continue-as-new are one. */
  readonly runs: Map<string, Set<string>>;
}

type StoredEvent = {
  readonly atMs: number;
  readonly type: string;
  readonly taskId: number | null;
  readonly name: string | null;
  /** As it is stored, perhaps encrypted. */
  readonly payload: string | null;
  readonly detail: string | null;
};

const TERMINAL = ["COMPLETED", "FAILED", "CANCELED", "TERMINATED"];

export class Watch {
  readonly violations: string[] = [];
  readonly lineage: Lineage = { parents: new Map(), replaced: new Set(), runs: new Map() };
  readonly #world: World;
  #mayRunAgain = false;
  #mayGo = false;
  readonly #before = new Map<string, State>();
  readonly #runs = new Set<string>();
  /** All that each ID has had. */
  readonly #executions = new Map<string, Set<string>>();
  /** Objects that had to tell the catalog of a purge. */
  readonly #farewells = new Set<string>();
  /** Those of instances that have been removed. */
  readonly #purged = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** From here on: a forced purge that fails lets go of activities that run, and the instance goes on with others. */
  purgeByForceBegins(): void {
    this.#mayRunAgain = true;
  }

  /** From here on instances may go. */
  purgeBegins(): void {
    this.#mayGo = true;
  }

  at(point: Point, id: string): void {
    if (point === "committed") this.#committed(this.#world.host(id));
    if (point === "activity") this.#activity(this.#world.host(id));
  }

  statusOf(host: Host): string | undefined {
    return this.#state(host)?.status;
  }

  /**
   * An event, a terminate or a cancel has been answered with 202: from this moment on it is in the history or the inbox, or the
   * instance is over. `key`: as in `State.accepted`.
   */
  acknowledged(id: string, key: string): void {
    const state = this.#state(this.#world.host(id));
    if (state === undefined || TERMINAL.includes(state.status)) return;
    if (state.accepted.has(key) || wasHandedOn(key, state)) return;
    this.violations.push(`${id}: ${key} was acknowledged and is nowhere`);
  }

  #committed(host: Host): void {
    const state = this.#state(host);
    const before = this.#before.get(host.id);
    if (state === undefined) {
      for (const execution of this.#executions.get(host.id) ?? []) this.#purged.add(execution);
      if (!this.#mayGo && this.#before.has(host.id))
        this.violations.push(`${host.id}: is gone, and nobody has purged it`);
      this.#before.delete(host.id);
      const hasToTell = host.db.hasTable("telling");
      if (hasToTell && host.durableAlarm === null && !host.hasLostAlarm)
        this.violations.push(`${host.id}: the catalog is to be told of a purge, and no alarm`);
      // Once it has told, it rings in vain.
      if (hasToTell) this.#farewells.add(host.id);
      if (host.durableAlarm !== null && !this.#farewells.has(host.id))
        this.violations.push(`${host.id}: nothing is left but an alarm`);
      return;
    }
    this.#before.set(host.id, state);
    this.#noteLineage(host, state, before);
    if (before?.execution === state.execution) {
      if (before.events.some((event, n) => event !== state.events[n]))
        this.violations.push(`${host.id}: the history has become another`);
      for (const key of before.accepted)
        if (!state.accepted.has(key) && !TERMINAL.includes(state.status) && !wasHandedOn(key, state))
          this.violations.push(`${host.id}: ${key} was accepted and is nowhere any more`);
      const isRewound = before.status === "FAILED" && state.rewinds > before.rewinds;
      if (TERMINAL.includes(before.status) && before.status !== state.status && !isRewound)
        this.violations.push(`${host.id}: ${before.status} has become ${state.status}`);
    }
    const isOver = TERMINAL.includes(state.status);
    // Paused, it is in no queue for its activities, and nothing comes before somebody resumes it.
    const isParked = state.status === "SUSPENDED" && this.#world.limiters !== undefined;
    const hasWork =
      state.outbox > 0 ||
      (!isOver &&
        !state.isStartPaused &&
        (state.status === "PENDING" || state.status === "STALLED" || state.inbox > 0 || (state.open > 0 && !isParked)));
    const isOwing = host.db.hasTable("telling") && this.#world.catalog !== undefined;
    if ((hasWork || isOwing) && host.durableAlarm === null && !host.hasLostAlarm) {
      this.violations.push(`${host.id}: ${JSON.stringify(state)} and no alarm at ${this.#world.nowMs}`);
    }
  }

  #noteLineage(host: Host, { execution, generation }: State, before: State | undefined): void {
    const executions = this.#executions.get(host.id) ?? new Set();
    // An ended one, of whatever generation, has been replaced; continue-as-new counts the generations on.
    if (before !== undefined && before.execution !== execution && generation === 0)
      for (const former of executions) this.lineage.replaced.add(former);
    this.#executions.set(host.id, executions.add(execution));
    const [row] = host.db.read<{ parent: string | null; run: string }>(
      `SELECT detail -> '$.parent' AS parent, at_ms || ' ' || (detail ->> '$.startRequestId') AS run FROM instance WHERE seq = -1`,
    );
    if (row === undefined) return;
    this.lineage.runs.set(host.id, (this.lineage.runs.get(host.id) ?? new Set()).add(row.run));
    if (row.parent === null) return;
    const { instanceId, executionId: name } = JSON.parse(row.parent) as Parent;
    const { executionId } = executionOfName(name);
    const parents = this.lineage.parents.get(host.id) ?? [];
    if (!parents.some((parent) => parent.executionId === executionId)) parents.push({ instanceId, executionId });
    this.lineage.parents.set(host.id, parents);
  }

  #activity(host: Host): void {
    const [call = ""] = this.#world.activityRuns.slice(-1);
    const split = call.lastIndexOf(":");
    const taskId = Number(call.slice(split + 1));
    const events = eventsOf(host);
    // A call that was rewound is made once more.
    const failures = events.filter((event) => event.taskId === taskId && event.type === "TaskFailed").length;
    const run = `${host.counters.lives} ${call} ${failures}`;
    if (this.#runs.has(run) && !this.#mayRunAgain) this.violations.push(`${host.id}: ${call} runs twice in one life`);
    this.#runs.add(run);
    const executionId = call.slice(0, split);
    if (this.lineage.replaced.has(executionId))
      this.violations.push(`${host.id}: ${call} runs though another run has its place`);
    const instance = instanceOf(host);
    // One whose beginning is still held back has no row, and has never been committed.
    const isBeingPurged = instance === undefined && this.#executions.get(host.id)?.has(executionId) === true;
    if (isBeingPurged || this.#purged.has(executionId))
      this.violations.push(`${host.id}: ${call} runs though its instance has been purged`);
    const isRecorded = replayed(events).some(
      (event) => event.taskId === taskId && /^Task(Completed|Failed)$/.test(event.type),
    );
    if (isRecorded && instance?.execution === executionId)
      this.violations.push(`${host.id}: ${call} runs though its result is recorded`);
  }

  #state(host: Host): State | undefined {
    const instance = instanceOf(host);
    if (instance === undefined) return undefined;
    const events = eventsOf(host);
    const open = new Set<number | null>();
    for (const { type, taskId } of replayed(events)) {
      if (/^(TaskScheduled|TimerCreated)$/.test(type)) open.add(taskId);
      if (/^(TaskCompleted|TaskFailed|TimerFired)$/.test(type)) open.delete(taskId);
    }
    // Tables that nothing has ever been in are not there.
    const inbox = host.db.read<{ type: string; detail: string | null }>("SELECT type, detail FROM inbox ORDER BY seq");
    const pause = inbox.findLast(({ type }) => type === "ExecutionSuspended" || type === "ExecutionResumed");
    const isScheduled = inbox.some(({ type }) => type === "ExecutionStarted");
    return {
      ...instance,
      events: events.map((event) => JSON.stringify(event)),
      accepted: new Set([...inbox, ...events].flatMap(keyOf)),
      open: open.size,
      inbox: inbox.length,
      isStartPaused: isScheduled && pause?.type === "ExecutionSuspended" && !inbox.some(isTerminate),
      outbox: host.db.read("SELECT 1 FROM outbox").length,
    };
  }
}

function isTerminate({ type }: { readonly type: string }): boolean {
  return type === "ExecutionTerminated";
}

/** A copy of a message that an execution before this one has taken: its beginning tells of it, or of its sender. */
function wasHandedOn(key: string, { events: [started = ""] }: State): boolean {
  // Within a JSON text within a JSON text.
  return started.includes(/:\d+$/.test(key) ? `\\"${key.replace(/\d+$/, "")}` : `\\"${key}\\"`);
}

/** By what an accepted fact is known again; nothing for one that may come to nothing, such as the second suspend. */
function keyOf({ type, detail }: { readonly type: string; readonly detail: string | null }): string[] {
  if (type === "EventRaised") return [JSON.parse(detail ?? "{}").messageId ?? ""];
  return ["ExecutionTerminated", "ExecutionCancelRequested"].includes(type) ? [type] : [];
}

function instanceOf(host: Host): Pick<State, "status" | "execution" | "generation" | "rewinds"> | undefined {
  const [row] = host.db.read<{ status: string; name: string; generation: number }>(
    `SELECT status, execution_id AS name, generation FROM ${INSTANCE}`,
  );
  if (row === undefined) return undefined;
  const { executionId: execution, rewinds = 0 } = executionOfName(row.name);
  return { status: row.status, generation: row.generation, execution, rewinds };
}

/** What a replay makes of the history: what was taken back by a rewind is not there. */
function replayed(events: readonly StoredEvent[]): readonly StoredEvent[] {
  if (!events.some(({ type }) => type === "ExecutionRewound")) return events;
  const order = replayOrder(
    events.map(({ atMs, type, taskId, detail }) => ({
      ...(type === "ExecutionRewound" && JSON.parse(detail ?? "{}")),
      timestampMs: atMs,
      type,
      id: taskId ?? undefined,
    })) as HistoryEvent[],
  );
  return (order ?? []).map(({ position }) => events[position] as StoredEvent);
}

/** All events, whether they share a row or not. Read without SQL's JSON, which would take longer than all else here. */
function eventsOf(host: Host): StoredEvent[] {
  const rows = host.db.read<StoredEvent>(
    "SELECT at_ms AS atMs, type, task_id AS taskId, name, payload, detail FROM instance WHERE seq >= 0 ORDER BY seq",
  );
  return rows.flatMap((row) => {
    if (row.type !== "Events") return row;
    type Cells = [number, string, number | null, string | null, string | null, string | null];
    const cells = JSON.parse(row.payload ?? "[]") as Cells[];
    return cells.map(([atMs, type, taskId, name, payload, detail]) => ({ atMs, type, taskId, name, payload, detail }));
  });
}
