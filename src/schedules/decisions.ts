import type { Asked } from "../model/history-event.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";
import {
  type Fire,
  type FireRecord,
  MOST_FIRES,
  MOST_WAITING,
  mostRunning,
  type Outcome,
  type Running,
  type ScheduleState,
} from "./state.ts";
import { compactTime, type Timetable } from "./timetable.ts";

/*
 * What a schedule does, decided from what it knows, its timetable and the time: no clock, no chance, no I/O. Each function takes a state and gives
 * the next; what is to be done then stands in it (`starting`, and `toLookAt` and `toEnd` below).
 */

/** So many times in a row are gone through one by one when all are missed; beyond that nobody counts. */
const MOST_MISSED = 1_000;

export function keyOf({ nominalMs, trigger }: Pick<Fire, "nominalMs" | "trigger">): string {
  return trigger === undefined ? compactTime(nominalMs) : `${compactTime(nominalMs)}-${trigger}`;
}

export function instanceIdOf(id: string, key: string): string {
  return `${id}-${key}`;
}

/** The next scheduled time that is to be taken, and when. */
export function nextFire(
  state: ScheduleState,
  timetable: Timetable,
  id: string,
): { readonly nominalMs: number; readonly dueMs: number } | undefined {
  if (state.paused !== undefined || state.remainingActions === 0) return undefined;
  const nominalMs = timetable.next(state.throughMs);
  return nominalMs === undefined ? undefined : { nominalMs, dueMs: timetable.dueAt(id, nominalMs) };
}

/** Whether it has to be known which of the instances still run: without that nothing that is due can be taken. */
export function mustLook(state: ScheduleState, timetable: Timetable, id: string, nowMs: number): boolean {
  if (state.running.length === 0) return false;
  if (timetable.pauseOnFailure || firstWaiting(state) !== undefined) return true;
  const dueMs = nextFire(state, timetable, id)?.dueMs;
  return timetable.overlap !== "allowAll" && dueMs !== undefined && dueMs <= nowMs;
}

/** Takes the scheduled times that are due. */
export function takeDue(state: ScheduleState, timetable: Timetable, id: string, nowMs: number): ScheduleState {
  let current = state;
  for (;;) {
    const next = nextFire(current, timetable, id);
    if (next === undefined || next.dueMs > nowMs) return current;
    const { nominalMs, dueMs } = next;
    if (nowMs - dueMs > timetable.catchUpWindowMs) {
      current = miss(current, timetable, id, nowMs);
      continue;
    }
    const fire: Fire = { kind: "scheduled", nominalMs, dueMs, overlap: timetable.overlap };
    current = { ...current, throughMs: nominalMs };
    if (!isTaken(current, nominalMs)) current = admit(current, fire, nowMs);
  }
}

/** A backfill may have been there before. */
function isTaken({ ran, waiting, starting }: ScheduleState, nominalMs: number): boolean {
  const isIt = (fire: Fire) => fire.trigger === undefined && fire.nominalMs === nominalMs;
  return ran.includes(nominalMs / 1_000) || waiting.some(isIt) || starting.some(isIt);
}

/** Those that are older than the catch-up window, in one record: a minute's schedule that was away for a day has many. */
function miss(state: ScheduleState, timetable: Timetable, id: string, nowMs: number): ScheduleState {
  const oldestMs = nowMs - timetable.catchUpWindowMs;
  const missed: { readonly nominalMs: number; readonly dueMs: number }[] = [];
  let current = state;
  for (;;) {
    const next = nextFire(current, timetable, id);
    if (next === undefined || next.dueMs >= oldestMs || missed.length === MOST_MISSED) break;
    missed.push(next);
    current = { ...current, throughMs: next.nominalMs };
  }
  const [first] = missed;
  if (first === undefined) return state;
  const more = missed.length === MOST_MISSED ? "or more " : "";
  const message = missed.length === 1 ? undefined : `${missed.length} times ${more}from here on`;
  const recorded = record(current, { kind: "scheduled", ...first }, "missed", nowMs, message);
  // What is due so long before was missed, too, however long its jitter is.
  const restMs = Math.floor((oldestMs - timetable.jitterMs) / 1_000) * 1_000 - 1_000;
  return more === "" ? recorded : { ...recorded, throughMs: Math.max(current.throughMs, restMs) };
}

/** What becomes of a fire, by its overlap. One that is scheduled and not passed over is one of the actions that remain. */
function admit(state: ScheduleState, fire: Fire, nowMs: number): ScheduleState {
  const { waiting, starting, running, remainingActions } = state;
  const isFree = waiting.length + starting.length + running.length === 0;
  const isCounted = remainingActions !== undefined && fire.kind === "scheduled";
  const taken = isCounted ? { ...state, remainingActions: remainingActions - 1 } : state;
  if (fire.overlap === "allowAll" || isFree) return { ...taken, starting: [...starting, fire] };
  switch (fire.overlap) {
    case "skip":
      return record(state, fire, "skipped", nowMs, "another one runs");
    case "bufferOne":
      if (waiting.length > 0) return record(state, fire, "skipped", nowMs, "another one waits");
      return { ...taken, waiting: [fire] };
    case "bufferAll":
      if (waiting.length >= MOST_WAITING)
        return record(state, fire, "skipped", nowMs, `${MOST_WAITING} wait, which is the most`);
      return { ...taken, waiting: [...waiting, fire] };
    case "cancelOther":
    case "terminateOther": {
      const replaced: ScheduleState = { ...taken, waiting: [fire] };
      return waiting.reduce<ScheduleState>(
        (now, other) => record(now, other, "skipped", nowMs, "a later one takes its place"),
        replaced,
      );
    }
    default:
      fire.overlap satisfies never;
      return state;
  }
}

/** The one that is next to start. While the schedule is paused only one that somebody has asked for. */
function firstWaiting({ waiting, paused }: ScheduleState): Fire | undefined {
  return waiting.find(({ kind }) => paused === undefined || kind !== "scheduled");
}

/** Lets the first of those that wait begin, once nothing runs. */
export function letIn(state: ScheduleState): ScheduleState {
  const { waiting, starting, running } = state;
  const first = starting.length > 0 || running.length > 0 ? undefined : firstWaiting(state);
  return first === undefined
    ? state
    : { ...state, waiting: waiting.filter((fire) => fire !== first), starting: [first] };
}

/** Who is to end, because the one that waits is to take its place, and how. */
export function toEnd(state: ScheduleState): {
  readonly how: "cancel" | "terminate";
  readonly whom: readonly Running[];
} {
  const overlap = firstWaiting(state)?.overlap;
  const how = overlap === "terminateOther" ? "terminate" : "cancel";
  if (overlap !== "cancelOther" && how === "cancel") return { how, whom: [] };
  return { how, whom: state.running.filter(({ isToldToEnd }) => isToldToEnd === undefined) };
}

export function toldToEnd(state: ScheduleState, key: string): ScheduleState {
  const running = state.running.map((one) => (one.key === key ? ({ ...one, isToldToEnd: true } as const) : one));
  return { ...state, running };
}

/** `status`: of the instance that was started under that key; `undefined` when there is none any more. */
export function looked(
  state: ScheduleState,
  { pauseOnFailure }: Timetable,
  id: string,
  found: { readonly key: string; readonly status: RuntimeStatus | undefined },
  nowMs: number,
): ScheduleState {
  const { key, status } = found;
  if (status !== undefined && !isTerminal(status)) return state;
  const running = state.running.filter((one) => one.key !== key);
  if (running.length === state.running.length) return state;
  if (status !== "FAILED" || !pauseOnFailure || state.paused !== undefined) return { ...state, running };
  const reason = `instance '${instanceIdOf(id, key)}' has failed`;
  return { ...state, running, paused: { reason, by: "pauseOnFailure", atMs: nowMs } };
}

/** The instance has answered. */
export function answered(
  state: ScheduleState,
  { overlap, pauseOnFailure }: Timetable,
  key: string,
  outcome: "started" | "ID in use",
  nowMs: number,
): ScheduleState {
  const fire = state.starting.find((one) => keyOf(one) === key);
  if (fire === undefined) return state;
  const starting = state.starting.filter((one) => one !== fire);
  const recorded = record({ ...state, starting }, fire, outcome, nowMs);
  if (outcome === "ID in use") return recorded;
  const most = mostRunning(pauseOnFailure || overlap !== "allowAll");
  const running = [...recorded.running, { key, startedMs: nowMs }].slice(-most);
  const ran = fire.trigger === undefined ? [...recorded.ran, fire.nominalMs / 1_000] : recorded.ran;
  return { ...recorded, running, ran };
}

/** Starts one now, whatever runs unless its overlap says otherwise, and although the schedule is paused. Its key is the newest of `requests`. */
export function trigger(
  state: ScheduleState,
  asked: Asked & {
    readonly requestId: string;
    readonly overlap?: Fire["overlap"] | undefined;
    readonly hasInput?: true | undefined;
  },
  nowMs: number,
): ScheduleState {
  const { requestId, overlap = "allowAll", hasInput, reason, actor } = asked;
  const nominalMs = Math.floor(nowMs / 1_000) * 1_000;
  const number = state.triggers + 1;
  const fire: Fire = { kind: "triggered", nominalMs, trigger: number, dueMs: nowMs, overlap, hasInput, reason, actor };
  const requests = [{ requestId, key: keyOf(fire) }, ...state.requests].slice(0, MOST_FIRES);
  return admit({ ...state, triggers: number, requests }, fire, nowMs);
}

/** Those of these times that have not run, and are not about to. */
export function notRun(state: ScheduleState, times: readonly number[], ranBefore: ReadonlySet<number>): number[] {
  return times.filter((nominalMs) => !ranBefore.has(nominalMs / 1_000) && !isTaken(state, nominalMs));
}

export function backfill(
  state: ScheduleState,
  times: readonly number[],
  overlap: Fire["overlap"],
  nowMs: number,
): ScheduleState {
  return times.reduce<ScheduleState>(
    (now, nominalMs) => admit(now, { kind: "backfilled", nominalMs, dueMs: nowMs, overlap }, nowMs),
    state,
  );
}

export function pause(
  state: ScheduleState,
  why: Omit<NonNullable<ScheduleState["paused"]>, "atMs">,
  nowMs: number,
): ScheduleState {
  return state.paused === undefined ? { ...state, paused: { ...why, atMs: nowMs } } : state;
}

/** Times that have come while it was paused are passed over. */
export function resume(state: ScheduleState, nowMs: number): ScheduleState {
  if (state.paused === undefined) return state;
  return { ...state, paused: undefined, throughMs: Math.max(state.throughMs, nowMs) };
}

function record(
  state: ScheduleState,
  fire: Pick<Fire, "kind" | "nominalMs" | "trigger" | "dueMs">,
  outcome: Outcome,
  nowMs: number,
  message?: string,
): ScheduleState {
  const { kind, nominalMs, dueMs } = fire;
  const made: FireRecord = { key: keyOf(fire), kind, nominalMs, dueMs, actualMs: nowMs, outcome, message };
  return { ...state, fires: [made, ...state.fires].slice(0, MOST_FIRES) };
}
