import { errorFields } from "../instance/log-text.ts";
import type { StartRequest } from "../instance/protocol.ts";
import { scheduleRequestId } from "../model/ids.ts";
import { answered, instanceIdOf, keyOf, letIn, looked, mustLook, takeDue, toEnd, toldToEnd } from "./decisions.ts";
import type { HeldSchedule } from "./held-schedule.ts";
import type { SchedulePorts } from "./ports.ts";
import type { Fire, Running, ScheduleState } from "./state.ts";
import { OWN_INPUT } from "./store/schedule-store.ts";
import { nominalTime } from "./timetable.ts";

/** An invocation of the Free plan may make 50 calls. */
const MOST_CALLS = 40;
const BATCH = 10;
const FIRST_PAUSE_MS = 1_000;
/** Between two calls to somebody who cannot be reached. */
const LAST_RETRY_MS = 60_000;
/** Between two looks at whether somebody still runs: while one waits for that, and while only a failure is looked for. */
const LAST_LOOK_MS = 30_000;
const LAST_CARELESS_LOOK_MS = 300_000;

/**
 * Does what is due, in steps: look who still runs, decide and commit, end who is in the way, start who is to start. An object that dies between two of
 * them does the rest when its alarm rings, which is set before anything is done; each step may be done twice.
 */
export class Firing {
  readonly #ports: SchedulePorts;
  readonly #held: HeldSchedule;
  #underWay: Promise<void> | undefined;
  #mustGoOn = false;
  #failures = 0;
  /** In a row: looks that have found the same run as before. */
  #looks = 0;
  #calls = 0;

  constructor(ports: SchedulePorts, held: HeldSchedule) {
    this.#ports = ports;
    this.#held = held;
  }

  /** Resolves when all is done that can be done now, and the alarm is set for the rest. Never rejects. */
  run(): Promise<void> {
    this.#mustGoOn = true;
    this.#underWay ??= this.#run().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** For the call that starts it: a copy that comes when that is answered finds it is not. */
  isStarting(key: string): boolean {
    return this.#held.state?.starting.some((fire) => keyOf(fire) === key) === true;
  }

  async #run(): Promise<void> {
    this.#calls = 0;
    let hasFailed = false;
    while (this.#mustGoOn && this.#held.state !== undefined) {
      this.#mustGoOn = false;
      const before = this.#held.state;
      try {
        hasFailed = !(await this.#round());
      } catch (error) {
        this.#fault("schedule", error);
        hasFailed = true;
      }
      if (hasFailed || this.#calls >= MOST_CALLS) break;
      if (this.#held.state !== before) this.#mustGoOn = true;
    }
    this.#failures = hasFailed ? this.#failures + 1 : 0;
    this.#setAlarm();
  }

  #setAlarm(): void {
    const { state, dueMs } = this.#held;
    if (state === undefined) return;
    const nowMs = this.#ports.now();
    const times: number[] = [];
    if (this.#failures > 0) times.push(nowMs + pauseMs(this.#failures - 1, LAST_RETRY_MS));
    else if (state.starting.length > 0) times.push(nowMs);
    // What could not be taken is tried again, and not at once.
    if (dueMs !== undefined && (dueMs > nowMs || this.#failures === 0)) times.push(dueMs);
    if (mustLook(state, this.#held.timetable, this.#ports.id, nowMs))
      times.push(nowMs + pauseMs(this.#looks, state.waiting.length > 0 ? LAST_LOOK_MS : LAST_CARELESS_LOOK_MS));
    this.#held.wakeAt(times.length === 0 ? undefined : Math.min(...times));
  }

  /** Whether everybody was reached. */
  async #round(): Promise<boolean> {
    const { id } = this.#ports;
    const isKnown = await this.#look();
    const { timetable } = this.#held;
    this.#change((state) => {
      const mayTake = isKnown || timetable.overlap === "allowAll";
      // Who cannot be reached counts as running, so that nobody is let in meanwhile.
      return letIn(mayTake ? takeDue(state, timetable, id, this.#ports.now()) : state);
    });
    const areEnded = await this.#endOthers();
    const areStarted = await this.#start();
    return isKnown && areEnded && areStarted;
  }

  #change(decide: (state: ScheduleState) => ScheduleState): void {
    const { state } = this.#held;
    if (state !== undefined) this.#held.save(decide(state), undefined, this.#ports.now() + LAST_RETRY_MS);
  }

  async #look(): Promise<boolean> {
    const { state, timetable } = this.#held;
    const isNeeded = state !== undefined && mustLook(state, timetable, this.#ports.id, this.#ports.now());
    return isNeeded ? this.#lookAtAll(state) : true;
  }

  /** Before something is decided by whether others run. Those that cannot be reached count as running. */
  async learnWhoRuns(): Promise<void> {
    const { state } = this.#held;
    this.#calls = 0;
    if (state !== undefined) await this.#lookAtAll(state);
  }

  async #lookAtAll(state: ScheduleState): Promise<boolean> {
    const { timetable } = this.#held;
    const { id } = this.#ports;
    const before = state.running.length;
    const areReached = await this.#each(state.running, async ({ key }) => {
      const found = await this.#ports.instance(instanceIdOf(id, key)).describe({ payloads: false });
      this.#change((now) => looked(now, timetable, id, { key, status: found?.status }, this.#ports.now()));
    });
    this.#looks = this.#held.state?.running.length === before ? this.#looks + 1 : 0;
    return areReached;
  }

  async #endOthers(): Promise<boolean> {
    const { state } = this.#held;
    if (state === undefined) return true;
    const { how, whom } = toEnd(state);
    return this.#each(whom, async ({ key }) => {
      const asked = { reason: "a later time of its schedule takes its place", actor: this.#actor };
      const instance = this.#ports.instance(instanceIdOf(this.#ports.id, key));
      const result = await (how === "cancel"
        ? instance.cancel(asked)
        : instance.terminate({ ...asked, recursive: true }));
      if (!result.ok && result.code !== "NOT_FOUND") throw new Error(`It cannot be ended: ${result.code}`);
      this.#looks = 0;
      this.#change((now) => toldToEnd(now, key));
    });
  }

  async #start(): Promise<boolean> {
    return this.#each(this.#held.state?.starting ?? [], async (fire) => {
      const { id } = this.#ports;
      const key = keyOf(fire);
      const request = await this.#requestOf(fire, key);
      const isOwed = async () => this.isStarting(key);
      if (request === undefined) return;
      const result = await this.#ports.instance(instanceIdOf(id, key)).start(request, isOwed);
      const { state, timetable } = this.#held;
      if (state === undefined) return;
      const nowMs = this.#ports.now();
      const outcome = result.ok ? "started" : "ID in use";
      const inputs = fire.hasInput ? new Map([[key, undefined]]) : undefined;
      this.#held.save(answered(state, timetable, key, outcome, nowMs), inputs);
      this.#looks = 0;
      const level = result.ok ? "info" : "warn";
      this.#ports.log({
        level,
        msg: "schedule",
        schedule: id,
        instanceId: instanceIdOf(id, key),
        kind: fire.kind,
        outcome,
        latenessMs: nowMs - fire.dueMs,
      });
    });
  }

  async #requestOf(fire: Fire, key: string): Promise<StartRequest | undefined> {
    const { store, id, cipher } = this.#ports;
    const stored = store.input(fire.hasInput ? key : OWN_INPUT);
    const input = stored === undefined ? undefined : await cipher.open(stored);
    const reason = fire.reason === undefined ? undefined : await cipher.open(fire.reason);
    const { state, timetable } = this.#held;
    if (state === undefined || !this.isStarting(key)) return undefined;
    return {
      instanceId: instanceIdOf(id, key),
      name: state.fields.workflowName,
      input,
      startAtMs: fire.kind === "scheduled" ? fire.dueMs : undefined,
      requestId: scheduleRequestId(id, key),
      reuse: "reject",
      retentionMs: timetable.retentionMs,
      searchAttributes: { ...state.fields.searchAttributes, schedule: id, scheduledTime: nominalTime(fire.nominalMs) },
      reason,
      actor: fire.actor ?? this.#actor,
    };
  }

  get #actor(): string {
    return `schedule:${this.#ports.id}`;
  }

  /** Some at a time, as many as may be called; whether all were reached. */
  async #each<T extends Fire | Running>(all: readonly T[], call: (one: T) => Promise<void>): Promise<boolean> {
    let areReached = true;
    for (let n = 0; n < all.length && this.#calls < MOST_CALLS; n += BATCH) {
      const batch = all.slice(n, n + BATCH);
      this.#calls += batch.length;
      const called = batch.map(async (one) => {
        try {
          await call(one);
        } catch (error) {
          areReached = false;
          this.#fault("schedule cannot reach an instance", error);
        }
      });
      await Promise.all(called);
    }
    return areReached;
  }

  #fault(msg: string, error: unknown): void {
    this.#ports.log({ level: "warn", msg, schedule: this.#ports.id, ...errorFields({}, error) });
  }
}

function pauseMs(failures: number, mostMs: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), mostMs);
}
