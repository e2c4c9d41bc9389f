// What has to hold at every moment of a simulation, looked at whenever something has become durable.
import type { Host, Point, World } from "../instance/world.ts";

interface State {
  readonly status: string;
  readonly execution: string;
  readonly events: number;
  /** Activities and timers without an answer. */
  readonly open: number;
  readonly inbox: number;
  readonly outbox: number;
}

interface StoredEvent {
  readonly type: string;
  readonly taskId: number | null;
  readonly detail: string | null;
}

const TERMINAL = ["COMPLETED", "FAILED", "CANCELED", "TERMINATED"];

export class Watch {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #mayRunAgain: boolean;
  readonly #before = new Map<string, State>();
  readonly #runs = new Set<string>();

  /** `mayRunAgain`: a forced purge that fails lets go of activities that run, and the instance goes on with others. */
  constructor(world: World, mayRunAgain: boolean) {
    this.#world = world;
    this.#mayRunAgain = mayRunAgain;
  }

  at(point: Point, id: string): void {
    if (point === "committed") this.#committed(this.#world.host(id));
    if (point === "activity") this.#activity(this.#world.host(id));
  }

  statusOf(host: Host): string | undefined {
    return this.#state(host)?.status;
  }

  /** An event has been answered with 202: from this moment on it is in the history or the inbox, or the instance is over. */
  acknowledged(id: string, messageId: string): void {
    const host = this.#world.host(id);
    const state = this.#state(host);
    if (state === undefined || TERMINAL.includes(state.status)) return;
    const isInbox = host.db.read("SELECT 1 FROM inbox WHERE detail LIKE ?", `%"${messageId}"%`).length > 0;
    if (!isInbox && !eventsOf(host).some(({ detail }) => detail?.includes(`"${messageId}"`)))
      this.violations.push(`${id}: ${messageId} was acknowledged and is nowhere`);
  }

  #committed(host: Host): void {
    const state = this.#state(host);
    const before = this.#before.get(host.id);
    if (state === undefined) {
      this.#before.delete(host.id);
      if (host.durableAlarm !== null) this.violations.push(`${host.id}: nothing is left but an alarm`);
      return;
    }
    this.#before.set(host.id, state);
    if (before?.execution === state.execution) {
      if (state.events < before.events) this.violations.push(`${host.id}: the history has become shorter`);
      if (TERMINAL.includes(before.status) && before.status !== state.status)
        this.violations.push(`${host.id}: ${before.status} has become ${state.status}`);
    }
    const isOver = TERMINAL.includes(state.status);
    const hasWork =
      state.outbox > 0 ||
      (!isOver && (state.status === "PENDING" || state.status === "STALLED" || state.inbox > 0 || state.open > 0));
    if (hasWork && host.durableAlarm === null && !host.hasLostAlarm) {
      this.violations.push(`${host.id}: ${JSON.stringify(state)} and no alarm at ${this.#world.nowMs}`);
    }
  }

  #activity(host: Host): void {
    const [call = ""] = this.#world.activityRuns.slice(-1);
    const run = `${host.counters.lives} ${call}`;
    if (this.#runs.has(run) && !this.#mayRunAgain) this.violations.push(`${host.id}: ${call} runs twice in one life`);
    this.#runs.add(run);
    const split = call.lastIndexOf(":");
    const taskId = Number(call.slice(split + 1));
    const isRecorded = eventsOf(host).some(
      (event) => event.taskId === taskId && /^Task(Completed|Failed)$/.test(event.type),
    );
    if (isRecorded && instanceOf(host)?.execution === call.slice(0, split))
      this.violations.push(`${host.id}: ${call} runs though its result is recorded`);
  }

  #state(host: Host): State | undefined {
    const instance = instanceOf(host);
    if (instance === undefined) return undefined;
    const events = eventsOf(host);
    const open = new Set<number | null>();
    for (const { type, taskId } of events) {
      if (/^(TaskScheduled|TimerCreated)$/.test(type)) open.add(taskId);
      if (/^(TaskCompleted|TaskFailed|TimerFired)$/.test(type)) open.delete(taskId);
    }
    // Tables that nothing has ever been in are not there.
    const rowsIn = (table: string) => host.db.read(`SELECT 1 FROM ${table}`).length;
    return { ...instance, events: events.length, open: open.size, inbox: rowsIn("inbox"), outbox: rowsIn("outbox") };
  }
}

function instanceOf(host: Host): { status: string; execution: string } | undefined {
  return host.db.read<{ status: string; execution: string }>(
    "SELECT status, execution_id AS execution FROM instance",
  )[0];
}

/** All events, whether they share a row or not. Read without SQL's JSON, which would take longer than all else here. */
function eventsOf(host: Host): StoredEvent[] {
  type Row = { type: string; task_id: number | null; detail: string | null; shared: string | null };
  const rows = host.db.read<Row>(
    "SELECT type, task_id, detail, iif(type = 'Events', payload, NULL) AS shared FROM history ORDER BY seq",
  );
  return rows.flatMap(({ type, task_id, detail, shared }): StoredEvent[] => {
    if (shared === null) return [{ type, taskId: task_id, detail }];
    const cells = JSON.parse(shared) as [number, string, number | null, string | null, string | null, string | null][];
    return cells.map((cell) => ({ type: cell[1], taskId: cell[2], detail: cell[5] }));
  });
}
