import { nextFire } from "./decisions.ts";
import type { SchedulePorts } from "./ports.ts";
import type { ScheduleState } from "./state.ts";
import type { InputChanges } from "./store/schedule-store.ts";
import { type Timetable, timetableOf } from "./timetable.ts";

/** One whose fields this code cannot read has no times, and waits for other code. */
const NEVER: Timetable = {
  overlap: "skip",
  catchUpWindowMs: 0,
  jitterMs: 0,
  pauseOnFailure: false,
  next: () => undefined,
  dueAt: (_, nominalMs) => nominalMs,
};

const RINGING = Number.NEGATIVE_INFINITY;

/** The state of a schedule as it is stored, its timetable, and its alarm. */
export class HeldSchedule {
  readonly #ports: SchedulePorts;
  #state: ScheduleState | undefined;
  #isLeaving = false;
  #timetable: Timetable = NEVER;
  #problem: string | undefined;
  #read: ScheduleState["fields"] | undefined;
  #alarmMs: number | undefined;

  constructor(ports: SchedulePorts) {
    this.#ports = ports;
    this.#alarmMs = ports.alarm.initialMs;
    const stored = ports.store.load();
    if (stored === "leaving") this.#isLeaving = true;
    else this.#hold(stored);
  }

  /** `undefined`: there is none. */
  get state(): ScheduleState | undefined {
    return this.#state;
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get timetable(): Timetable {
    return this.#timetable;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** In one commit with the alarm, which rings by then at the latest. What is the same is not written. */
  save(state: ScheduleState, inputs?: InputChanges, wakeByMs?: number): void {
    if (state === this.#state && inputs === undefined) return;
    this.#hold(this.#ports.store.save(state, inputs));
    this.#isLeaving = false;
    if (wakeByMs !== undefined) this.wakeBy(wakeByMs);
  }

  leave(wakeByMs: number): void {
    this.#ports.store.leave();
    this.#isLeaving = true;
    this.#hold(undefined);
    this.wakeBy(wakeByMs);
  }

  /** All that is stored is being wiped. */
  forget(): void {
    this.#ports.store.forget();
    this.#isLeaving = false;
    this.#alarmMs = undefined;
    this.#hold(undefined);
  }

  /** Until it is set anew, at the end of what is done now, it would ring again by itself. */
  rings(): void {
    this.#alarmMs = RINGING;
  }

  /** Setting the alarm is billed as a row: only where it would ring too late. */
  wakeBy(atMs: number): void {
    if (this.#alarmMs === undefined || this.#alarmMs > atMs) this.wakeAt(atMs);
  }

  wakeAt(atMs: number | undefined): void {
    const before = this.#alarmMs;
    if (before === atMs) return;
    this.#alarmMs = atMs;
    if (atMs !== undefined) this.#ports.alarm.set(atMs);
    else if (before !== RINGING) this.#ports.alarm.clear();
  }

  /** When the next scheduled time is due. */
  get dueMs(): number | undefined {
    return this.#state && nextFire(this.#state, this.#timetable, this.#ports.id)?.dueMs;
  }

  #hold(state: ScheduleState | undefined): void {
    this.#state = state;
    if (state?.fields === this.#read) return;
    this.#read = state?.fields;
    const read = state === undefined ? NEVER : timetableOf(state.fields);
    this.#problem = "problem" in read ? read.problem : undefined;
    this.#timetable = "problem" in read ? NEVER : read;
  }
}
