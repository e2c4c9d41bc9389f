// What has to hold at every moment of a simulation, looked at whenever something has become durable.
import { EVENTS } from "../../../src/storage/history-table.ts";
import type { Host, Point, World } from "../instance/world.ts";

/** One row, or none, about an instance and what is open in it. */
const STATE = `
SELECT status, execution_id AS execution,
  (SELECT count(*) FROM ${EVENTS}) AS events,
  (SELECT count(*) FROM (SELECT task_id FROM ${EVENTS}
     WHERE type IN ('TaskScheduled', 'TaskCompleted', 'TaskFailed', 'TimerCreated', 'TimerFired')
     GROUP BY task_id HAVING count(*) = 1)) AS open
FROM instance`;

type Row = {
  readonly status: string;
  readonly execution: string;
  readonly events: number;
  readonly open: number;
};

interface State extends Row {
  readonly inbox: number;
  readonly outbox: number;
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
    const holds = (table: string) =>
      host.db.read(`SELECT 1 FROM ${table} WHERE detail LIKE ?`, `%"${messageId}"%`).length > 0;
    if (!holds("inbox") && !holds(EVENTS)) this.violations.push(`${id}: ${messageId} was acknowledged and is nowhere`);
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
    const [recorded] = host.db.read(
      `SELECT 1 FROM ${EVENTS} WHERE type IN ('TaskCompleted', 'TaskFailed') AND task_id = ?
         AND (SELECT execution_id FROM instance) = ?`,
      Number(call.slice(split + 1)),
      call.slice(0, split),
    );
    if (recorded !== undefined) this.violations.push(`${host.id}: ${call} runs though its result is recorded`);
  }

  #state(host: Host): State | undefined {
    const [row] = host.db.read<Row>(STATE);
    // Tables that nothing has ever been in are not there.
    const rowsIn = (table: string) => host.db.read(`SELECT 1 FROM ${table}`).length;
    return row && { ...row, inbox: rowsIn("inbox"), outbox: rowsIn("outbox") };
  }
}
