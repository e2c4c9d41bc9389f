import type { FailureDetails } from "../../../../src/model/failure-details.ts";
import type { HistoryEvent, ParentLink } from "../../../../src/model/history-event.ts";
import type { RuntimeStatus } from "../../../../src/model/status.ts";
import type { BarKind, BarStatus } from "../../../../src/model/timeline.ts";

export type { FailureDetails } from "../../../../src/model/failure-details.ts";
export type { HistoryEvent, HistoryEventType, ParentLink, RerunOf } from "../../../../src/model/history-event.ts";
export type { RuntimeStatus } from "../../../../src/model/status.ts";
export type { BarKind, BarStatus } from "../../../../src/model/timeline.ts";

/*
 * What the API answers of an instance, as it comes over the wire: docs/http-api.md says what each field is.
 */

export interface WireAttempt {
  readonly id: number;
  readonly attempt: number;
  readonly status: BarStatus;
  readonly scheduled: string;
  readonly ended?: string;
  readonly errorType?: string;
  readonly nextAttempt?: string;
}

export interface WireBar {
  readonly position: number;
  readonly kind: BarKind;
  readonly status: BarStatus;
  readonly id?: number;
  readonly name?: string;
  readonly branch?: string;
  readonly instanceID?: string;
  readonly updateID?: string;
  readonly scheduled: string;
  readonly started?: string;
  readonly ended?: string;
  readonly due?: string;
  readonly errorType?: string;
  readonly attempts?: readonly WireAttempt[];
  readonly events?: number;
}

export interface WireTimeline {
  readonly instanceID: string;
  readonly executionId: string;
  readonly bars: readonly WireBar[];
  readonly continuationToken?: string;
  readonly truncated?: boolean;
}

export interface WireHistory {
  readonly events: readonly HistoryEvent[];
  /** Of a search: the number of each event. */
  readonly positions?: readonly number[];
  readonly continuationToken?: string;
  readonly complete?: boolean;
}

interface WirePending {
  readonly id: number;
  readonly branch?: string;
  readonly status: "running" | "retrying";
  readonly attempt: number;
  readonly lastFailure?: Pick<FailureDetails, "errorType" | "message">;
  readonly nextAttemptAt?: string;
}

export interface WireActivity extends WirePending {
  readonly name: string;
  readonly scheduledAt: string;
}

export interface WireChild extends WirePending {
  readonly workflowName: string;
  readonly instanceID: string;
  readonly createdAt: string;
}

/** A branch that is not over. */
export interface WireBranch {
  readonly name: string;
  readonly waitingFor?: string;
  readonly ending?: boolean;
}

export interface WireTimer {
  readonly id: number;
  readonly branch?: string;
  readonly createdAt: string;
  readonly fireAt: string;
}

export interface WireLimit {
  readonly limit: string;
  readonly key: string;
  readonly activity?: { readonly id: number; readonly name: string };
  readonly position?: number;
  readonly ahead?: number;
  readonly waitingSince?: string;
}

/** `GET …/{id}`. */
export interface WireState {
  readonly instanceID: string;
  readonly workflowName?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly runtimeStatus: RuntimeStatus;
  readonly properties?: Readonly<Record<string, string>>;
  readonly failure?: FailureDetails;
}

/** `GET …/{id}?detail=full`. */
export interface WireDetail extends WireState {
  readonly customStatus?: string;
  readonly searchAttributes?: Readonly<Record<string, unknown>>;
  readonly retention?: string;
  readonly executionId: string;
  readonly generation: number;
  readonly version?: string;
  readonly startTime?: string;
  readonly endedAt?: string;
  readonly parentInstanceID?: string;
  readonly parent?: ParentLink;
  readonly waitingFor?: string;
  readonly retrying?: boolean;
  readonly actor?: string;
  readonly pendingActivities: readonly WireActivity[];
  readonly branches?: readonly WireBranch[];
  readonly openTimers: readonly WireTimer[];
  readonly openChildren: readonly WireChild[];
  readonly awaitedEvents?: readonly string[];
  readonly awaitsCondition?: boolean;
  readonly bufferedEvents?: readonly { readonly name: string; readonly count: number }[];
  readonly queries?: readonly string[];
  readonly updates?: readonly string[];
  readonly limits?: readonly WireLimit[];
  readonly more?: Readonly<Record<string, number>>;
  readonly sizes?: {
    readonly historyEvents: number;
    readonly historyBytes: number;
    readonly inputBytes?: number;
    readonly outputBytes?: number;
    readonly databaseBytes?: number;
  };
  readonly stall?: { readonly reason: string; readonly message: string };
  readonly nextDueAt?: string;
  readonly past?: WirePast;
}

/** With `at`: where the code of today stood after so many events. */
export interface WirePast {
  readonly events: number;
  readonly customStatus?: string;
  readonly awaitedEvents: readonly string[];
  readonly awaitsCondition: boolean;
  readonly bufferedEvents: readonly { readonly name: string; readonly count: number }[];
  readonly openTimers: readonly number[];
  readonly branches?: readonly WireBranch[];
  readonly stall?: { readonly reason: string; readonly message: string };
}

/** What a state tells, in the form of a description: nothing is known of what is open, nor of which execution it is. */
export function sketchOf(state: WireState): WireDetail {
  const customStatus = state.properties?.["dapr.workflow.custom_status"] ?? "";
  const nothing = { executionId: "", generation: 0, pendingActivities: [], openTimers: [], openChildren: [] };
  return { ...state, customStatus, ...nothing };
}

/** Milliseconds since 1970 of a time in an answer. */
export function msOf(time: string): number;
export function msOf(time: string | undefined): number | undefined;
export function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** A field that is not there is not set to undefined: `exactOptionalPropertyTypes` wants the difference. */
export function present<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(told) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
