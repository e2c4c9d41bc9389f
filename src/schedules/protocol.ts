import type { Asked } from "../model/history-event.ts";
import type { Declaration, Deployment } from "./deployments.ts";
import type { FieldChanges, Overlap, ScheduleFields } from "./fields.ts";
import type { Fire, FireRecord, Pause, ScheduleState } from "./state.ts";

/*
 * What a schedule, and the index of all, can be asked. Each method may be called twice with the same effect. Old and new code talk to each other
 * during a deploy: fields are only ever added, and added as optional ones.
 */

/** `text`: JSON, or `undefined` for no input. */
export interface GivenInput {
  readonly text?: string | undefined;
}

export interface NewSchedule {
  readonly fields: ScheduleFields;
  readonly input?: string | undefined;
  readonly remainingActions?: number | undefined;
  /** `null`: it goes on. Left out: as it is. */
  readonly pause?: Omit<Pause, "atMs"> | null | undefined;
  /** One that is there is replaced by this; else it is in the way. What it has done stays. */
  readonly replaces?: boolean | undefined;
  /** Names this request: sent twice, it counts once. */
  readonly requestId: string;
}

/** What is not named stays. */
export interface ScheduleChange {
  readonly fields: FieldChanges;
  readonly input?: GivenInput | undefined;
  /** `null`: as many as there are. */
  readonly remainingActions?: number | null | undefined;
}

export interface TriggerRequest extends Asked {
  /** Names this request: sent twice, it starts one instance. */
  readonly requestId: string;
  /** In place of the schedule's. */
  readonly input?: GivenInput | undefined;
  readonly overlap?: Overlap | undefined;
}

export interface BackfillRequest {
  readonly fromMs: number;
  readonly toMs: number;
  readonly overlap: Overlap;
  readonly isDry: boolean;
}

/** What there is to see of a schedule. */
export interface ScheduleView
  extends Pick<
    ScheduleState,
    "fields" | "source" | "createdMs" | "updatedMs" | "paused" | "remainingActions" | "waiting" | "starting" | "running"
  > {
  readonly id: string;
  readonly input?: string | undefined;
  readonly catchUpWindowMs: number;
  readonly nextMs: readonly number[];
  readonly fires: readonly FireRecord[];
  /** Why it does nothing: this code cannot read its fields. */
  readonly problem?: string | undefined;
}

export type Refusal =
  | { readonly ok: false; readonly code: "NOT_FOUND" | "EXISTS" }
  /** What is wrong with what was asked for. */
  | { readonly ok: false; readonly code: "INVALID"; readonly message: string };

export type SavedResult = { readonly ok: true; readonly isNew: boolean; readonly schedule: ScheduleView } | Refusal;
export type TriggerResult =
  | { readonly ok: true; readonly instanceId: string; readonly outcome: FireRecord["outcome"] | "starting" | "waiting" }
  | Refusal;
export type BackfillResult = { readonly ok: true; readonly times: readonly number[] } | Refusal;
export type DoneResult = { readonly ok: true } | Refusal;

export interface ScheduleApi {
  create(request: NewSchedule): Promise<SavedResult>;
  change(request: ScheduleChange): Promise<SavedResult>;
  /** `undefined`: there is none. */
  view(nextTimes: number): Promise<ScheduleView | undefined>;
  remove(): Promise<DoneResult>;
  trigger(request: TriggerRequest): Promise<TriggerResult>;
  pause(why: Omit<Pause, "atMs" | "isUndeclared">): Promise<DoneResult>;
  resume(): Promise<DoneResult>;
  backfill(request: BackfillRequest): Promise<BackfillResult>;
  /** The how many-th deployment says so: one that is older than what the schedule knows changes nothing. */
  declare(declaration: Declaration, deployment: number): Promise<DoneResult>;
  undeclare(deployment: number): Promise<DoneResult>;
}

export interface IndexApi {
  add(id: string): Promise<void>;
  removeName(id: string): Promise<void>;
  list(after: string, limit: number): Promise<readonly string[]>;
  /** Sees to it that the schedules are as code declares them, if this is the code that counts. */
  reconcile(deployment: Deployment): Promise<void>;
}

export type { Fire };
