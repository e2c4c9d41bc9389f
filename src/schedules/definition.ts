import { pause, resume } from "./decisions.ts";
import { type Declaration, declarationHash } from "./deployments.ts";
import { changeFields, type ScheduleFields, saysWhen } from "./fields.ts";
import { Firing } from "./firing.ts";
import { HeldSchedule } from "./held-schedule.ts";
import type { SchedulePorts } from "./ports.ts";
import type { DoneResult, NewSchedule, Refusal, SavedResult, ScheduleChange, ScheduleView } from "./protocol.ts";
import { newSchedule, type ScheduleState } from "./state.ts";
import { type InputChanges, OWN_INPUT } from "./store/schedule-store.ts";
import { timesAfter, timetableOf } from "./timetable.ts";

const OK = { ok: true } as const;
export const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;
/** What was committed is done by then, should this object die before it has. */
export const SAFETY_MS = 10_000;
const SHOWN_TIMES = 10;
const MAX_INPUT_BYTES = 1_048_576;

/** What a schedule is: made, changed, declared, shown, removed. What it does when it is one stands in schedule.ts. */
export class Definition {
  protected readonly ports: SchedulePorts;
  protected readonly held: HeldSchedule;
  protected readonly firing: Firing;
  /** The last of what has to be done one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: SchedulePorts) {
    this.ports = ports;
    this.held = new HeldSchedule(ports);
    this.firing = new Firing(ports, this.held);
  }

  /** The index has the name before anything is stored here: whoever is in no list does nothing. */
  create(request: NewSchedule): Promise<SavedResult> {
    return this.inTurn(async () => {
      const before = this.held.state;
      if (before !== undefined && request.replaces !== true) {
        const isSame = before.createdBy === request.requestId;
        return isSame
          ? { ...OK, isNew: true, schedule: await this.#shown(before, SHOWN_TIMES) }
          : { ok: false, code: "EXISTS" };
      }
      const { fields, remainingActions, input, requestId } = request;
      const problem = inputProblem(input) ?? problemOf(fields, before?.throughMs ?? this.ports.now());
      if (problem !== undefined) return problem;
      const why = request.pause && (await this.sealed(request.pause));
      const inputs: InputChanges = new Map([[OWN_INPUT, input && (await this.ports.cipher.seal(input))]]);
      if (before === undefined) await this.ports.index().add(this.ports.id);
      const nowMs = this.ports.now();
      const current = this.held.state;
      const next =
        current === undefined
          ? { ...newSchedule(fields, nowMs, { source: "api" }), createdBy: requestId }
          : this.#withFields(current, fields, nowMs);
      const going = request.pause === null ? resume(next, nowMs) : next;
      const paused = why ? pause(going, why, nowMs) : going;
      return this.#saved({ ...paused, remainingActions }, inputs, current === undefined);
    });
  }

  async change({ fields, input, remainingActions }: ScheduleChange): Promise<SavedResult> {
    const asked = this.held.state;
    if (asked === undefined) return NOT_FOUND;
    const changed = changeFields(asked.fields, fields);
    // One whose times have all come can still be triggered and filled in, as its other fields say.
    const isRetimed = saysWhen(changed) !== saysWhen(asked.fields);
    const problem = inputProblem(input?.text) ?? problemOf(changed, isRetimed ? asked.throughMs : undefined);
    if (problem !== undefined) return problem;
    const inputs = await this.#inputs(OWN_INPUT, input);
    const { state } = this.held;
    if (state === undefined) return NOT_FOUND;
    const next = this.#withFields(state, changeFields(state.fields, fields), this.ports.now());
    const left = remainingActions === undefined ? next.remainingActions : (remainingActions ?? undefined);
    return this.#saved({ ...next, remainingActions: left }, inputs, false);
  }

  async view(nextTimes: number): Promise<ScheduleView | undefined> {
    const { state } = this.held;
    return state && this.#shown(state, nextTimes);
  }

  /** Its name leaves the index after that: a name without a schedule is in no list, and no schedule is without its name. */
  remove(): Promise<DoneResult> {
    return this.inTurn(async () => {
      if (this.held.state === undefined && !this.held.isLeaving) return NOT_FOUND;
      this.held.leave(this.ports.now() + SAFETY_MS);
      await this.finishLeaving();
      return OK;
    });
  }

  protected async finishLeaving(): Promise<void> {
    await this.ports.index().removeName(this.ports.id);
    if (!this.held.isLeaving) return;
    this.held.forget();
    await this.ports.wipe();
  }

  declare(declaration: Declaration, deployment: number): Promise<DoneResult> {
    return this.inTurn(async () => {
      const { fields, input, remainingActions } = declaration;
      const declared = declarationHash(declaration);
      const sealed = input && (await this.ports.cipher.seal(input));
      const { state } = this.held;
      if (state?.source === "api") return { ok: false, code: "EXISTS" };
      if ((state?.deployment ?? 0) >= deployment) return OK;
      const nowMs = this.ports.now();
      if (state?.declared === declared) return this.save({ ...goesOn(state, nowMs), deployment });
      const next =
        state === undefined
          ? newSchedule(fields, nowMs, { source: "code" })
          : this.#withFields(goesOn(state, nowMs), fields, nowMs);
      return this.save({ ...next, declared, deployment, remainingActions }, new Map([[OWN_INPUT, sealed]]));
    });
  }

  async undeclare(deployment: number): Promise<DoneResult> {
    const why = { reason: "its declaration was taken out of the code", by: "deploy", isUndeclared: true } as const;
    return this.do((state, nowMs) => {
      if (state.source === "api" || (state.deployment ?? 0) >= deployment) return state;
      return { ...pause(state, why, nowMs), deployment, declared: undefined };
    });
  }

  protected async do(decide: (state: ScheduleState, nowMs: number) => ScheduleState): Promise<DoneResult> {
    const { state } = this.held;
    return state === undefined ? NOT_FOUND : this.save(decide(state, this.ports.now()));
  }

  protected async save(state: ScheduleState, inputs?: InputChanges): Promise<DoneResult> {
    this.held.save(state, inputs, this.ports.now() + SAFETY_MS);
    await this.firing.run();
    return OK;
  }

  async #saved(state: ScheduleState, inputs: InputChanges | undefined, isNew: boolean): Promise<SavedResult> {
    await this.save(state, inputs);
    return { ...OK, isNew, schedule: await this.#shown(this.held.state ?? state, SHOWN_TIMES) };
  }

  /** Times of before the change are not those of its new timetable. */
  #withFields(state: ScheduleState, fields: ScheduleFields, nowMs: number): ScheduleState {
    const throughMs = saysWhen(state.fields) === saysWhen(fields) ? state.throughMs : Math.max(state.throughMs, nowMs);
    return { ...state, fields, throughMs, updatedMs: nowMs };
  }

  async #inputs(key: string, input: ScheduleChange["input"]): Promise<InputChanges | undefined> {
    if (input === undefined) return undefined;
    return new Map([[key, input.text === undefined ? undefined : await this.ports.cipher.seal(input.text)]]);
  }

  async #shown(state: ScheduleState, nextTimes: number): Promise<ScheduleView> {
    const { timetable, problem } = this.held;
    const stored = this.ports.store.input(OWN_INPUT);
    const count = Math.min(nextTimes, state.remainingActions ?? nextTimes);
    const { fields, source, createdMs, updatedMs, paused, remainingActions, waiting, starting, running, fires } = state;
    return {
      id: this.ports.id,
      input: stored && (await this.ports.cipher.open(stored)),
      catchUpWindowMs: timetable.catchUpWindowMs,
      nextMs: timesAfter(timetable, Math.max(state.throughMs, this.ports.now()), count),
      problem,
      paused: paused && { ...paused, reason: paused.reason && (await this.ports.cipher.open(paused.reason)) },
      ...{ fields, source, createdMs, updatedMs, remainingActions, waiting, starting, running, fires },
    };
  }

  /** A reason may be as secret as a payload. */
  protected async sealed<T extends { readonly reason?: string | undefined }>(asked: T): Promise<T> {
    return asked.reason ? { ...asked, reason: await this.ports.cipher.seal(asked.reason) } : asked;
  }

  protected inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(run);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** What was paused because it was not declared. */
function goesOn(state: ScheduleState, nowMs: number): ScheduleState {
  return state.paused?.isUndeclared ? resume(state, nowMs) : state;
}

export function invalid(message: string): Extract<Refusal, { code: "INVALID" }> {
  return { ok: false, code: "INVALID", message };
}

/** `afterMs`: it has to have a time after that. */
function problemOf(fields: ScheduleFields, afterMs: number | undefined): Refusal | undefined {
  const read = timetableOf(fields);
  if ("problem" in read) return invalid(read.problem);
  return afterMs !== undefined && read.next(afterMs) === undefined
    ? invalid("it has no time that is still to come")
    : undefined;
}

/** It lies in one row, encrypted perhaps. */
export function inputProblem(input: string | undefined): Refusal | undefined {
  if (input === undefined || input.length * 3 <= MAX_INPUT_BYTES) return undefined;
  const bytes = new TextEncoder().encode(input).byteLength;
  return bytes <= MAX_INPUT_BYTES ? undefined : invalid(`input has at most ${MAX_INPUT_BYTES} bytes, found ${bytes}`);
}
