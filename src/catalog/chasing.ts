import { type CatalogSource, type Departure, type Presence, presenceProblem } from "../model/catalog-entry.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import { within } from "./patience.ts";
import type { ShardPorts } from "./ports.ts";
import type { Telling } from "./store/apply.ts";
import type { EntryRow } from "./store/entry-table.ts";
import type { DueRow } from "./store/sweep.ts";

/*
 * What a shard does by itself, each time its alarm rings: it forgets lives that have been gone for an hour, asks instances that are
 * leaving whether they have gone, and sweeps through its rows, a stretch at a time, for those that it has not heard of for
 * long, and for ended ones whose time is over. So whatever was lost on the way, no row is wrong for ever, and what is to go goes.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A purge wipes what it has marked at once: earlier, the instance would be found on its way out. */
const LEAVING_PAUSE_MS = 20 * SECOND_MS;
const SWEEP_PAUSE_MS = 6 * HOUR_MS;
/** In the shortest time for which instances are kept; so none is kept for an eighth longer. */
const SWEEPS_IN_TIME = 8;
/** What comes late of a life that has gone is refused for so long. */
const REMEMBERED_MS = HOUR_MS;
/** Of one alarm: of calls, an invocation may make 50 on the Free plan. Those that are leaving leave room for the sweep. */
const MOST_ASKED = 40;
const MOST_LEAVING = 30;
const MOST_EXPIRED = 1_000;
const MOST_SWEPT = 10_000;
const ASK_PATIENCE_MS = 10 * SECOND_MS;

type Question = (source: CatalogSource) => Promise<Presence>;

/** What an alarm has left behind. */
export interface Left {
  /** Since when rows wait that are leaving, and those that are gone. */
  readonly leavingSinceMs?: number | undefined;
  readonly goneSinceMs?: number | undefined;
  /** None of those that are leaving could be reached. */
  readonly isSilent: boolean;
  /** The sweep has not come to the end of the table. */
  readonly isSweeping: boolean;
  readonly hasEntries: boolean;
  /** When the time of an instance is over that has a say of its own in that. */
  readonly expiresAtMs?: number | undefined;
}

/** How long after a sweep the next one begins: often enough for what is kept for a short time only. */
function sweepPauseMs({ anyTerminal, completed, failed, terminated }: RetentionPolicy): number {
  const kept = [anyTerminal, completed, failed, terminated].filter((ms) => ms !== undefined);
  return Math.max(MINUTE_MS, Math.min(SWEEP_PAUSE_MS, ...kept.map((ms) => ms / SWEEPS_IN_TIME)));
}

/** When the alarm has to ring next; `undefined`: there is nothing to look after. `silentBefore`: how many were silent in a row before. */
export function nextAlarmMs(
  nowMs: number,
  left: Left,
  retention: RetentionPolicy,
  silentBefore: number,
): number | undefined {
  const times: number[] = [];
  // Those that cannot be reached are asked less and less often.
  if (left.leavingSinceMs !== undefined)
    times.push(nowMs + Math.min(LEAVING_PAUSE_MS * 2 ** Math.min(silentBefore, 20), HOUR_MS));
  if (left.goneSinceMs !== undefined) times.push(Math.max(left.goneSinceMs + REMEMBERED_MS, nowMs) + SECOND_MS);
  if (left.expiresAtMs !== undefined) times.push(Math.max(left.expiresAtMs, nowMs + MINUTE_MS));
  if (left.isSweeping) times.push(nowMs + SECOND_MS);
  if (left.hasEntries) times.push(nowMs + sweepPauseMs(retention));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** When the alarm has to ring at the latest after this was told. What an instance has answered was asked by the alarm itself. */
export function alarmAfterMs(telling: Telling, nowMs: number, retention: RetentionPolicy): number | undefined {
  if (telling.type === "heard") return undefined;
  if (telling.type === "leave") return nowMs + LEAVING_PAUSE_MS;
  const sweepAtMs = nowMs + sweepPauseMs(retention);
  if (telling.type !== "announce") return sweepAtMs;
  const { endedAtMs, retentionMs } = telling.announcement.entry;
  if (endedAtMs === undefined || retentionMs === undefined) return sweepAtMs;
  return Math.min(sweepAtMs, Math.max(endedAtMs + retentionMs, nowMs + MINUTE_MS));
}

/** One alarm's work. `tell` writes what instances have answered. */
export async function chase(ports: ShardPorts, tell: (telling: Telling) => Promise<unknown>): Promise<Left> {
  const { store } = ports;
  const nowMs = ports.now();
  store.expire(nowMs - REMEMBERED_MS, MOST_EXPIRED);
  const leaving = store.leaving(nowMs - LEAVING_PAUSE_MS + SECOND_MS, MOST_LEAVING);
  const due = MOST_ASKED - leaving.length;
  const stretch = store.sweep(nowMs, { rows: MOST_SWEPT, due, retention: ports.retention });
  const [left, swept] = await Promise.all([
    Promise.all(leaving.map((row) => askLeaving(ports, row, tell))),
    Promise.all(stretch.due.map((row) => ask(ports, row, questionTo(row), tell))),
  ]);
  const unreachable = [...left, ...swept].filter((isHeard) => !isHeard).length;
  if (unreachable > 0) ports.log({ level: "warn", msg: "catalog", shard: ports.name, unreachable });
  store.saveSweep(stretch);
  const { isLast, expiresAtMs } = stretch;
  const isSilent = left.length > 0 && !left.includes(true);
  return { ...store.marks(), isSilent, isSweeping: !isLast, hasEntries: store.hasEntries(), expiresAtMs };
}

/** One that cannot be reached is asked again behind the others. */
async function askLeaving(
  ports: ShardPorts,
  row: EntryRow,
  tell: (telling: Telling) => Promise<unknown>,
): Promise<boolean> {
  const isHeard = await ask(ports, row, (source) => source.presence(), tell);
  if (!isHeard) await tell({ type: "heard", about: lifeOf(row), presence: { type: "leaving" } });
  return isHeard;
}

/** One whose time is over is told to go, and answers as the others do. */
function questionTo(row: DueRow): Question {
  return (source) => (row.isExpired ? source.expire(lifeOf(row)) : source.presence());
}

function lifeOf({ id, created, seq }: EntryRow): Departure {
  return { instanceId: id, createdAtMs: created, seq };
}

async function ask(
  ports: ShardPorts,
  row: EntryRow,
  question: Question,
  tell: (telling: Telling) => Promise<unknown>,
): Promise<boolean> {
  const presence = await within(ports.schedule, ASK_PATIENCE_MS, () => question(ports.source(row.id)));
  if (presence === undefined || presenceProblem(presence) !== undefined) return false;
  await tell({ type: "heard", about: lifeOf(row), presence });
  return true;
}
