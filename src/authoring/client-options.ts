import { type HistoryEventType, isEventType } from "../model/history-event.ts";
import {
  aBoolean,
  aDate,
  aNumber,
  anything,
  aString,
  oneOf,
  optionsOf,
  readArgument,
  secondsFromZero,
  typeRule,
} from "../model/options.ts";
import { aRetention } from "../model/retention.ts";
import { type SearchAttributes, someAttributes } from "../model/search-attributes.ts";

/** How an instance is started. */
export interface ScheduleOptions {
  /** Default: a random UUID. */
  readonly instanceId?: string | null | undefined;
  /** The instance is PENDING until then. Default: at once. */
  readonly startAt?: Date | null | undefined;
  /** What the instance is found by in lists, until its code sets others. Never encrypted. */
  readonly searchAttributes?: SearchAttributes | null | undefined;
  /** How long after its end the instance is kept: a Go duration, for instance "24h". Default: as the deployment's `stateRetentionPolicy` has it. */
  readonly retention?: string | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
  /**
   * What becomes of an instance that has the ID. "replace": one that runs is refused, one that has ended is replaced; "reject": both are
   * refused; "ignore": both stay, and that is well; "terminate": one that runs is terminated with its children, and replaced.
   * Default "replace".
   */
  readonly reuse?: "replace" | "reject" | "ignore" | "terminate" | null | undefined;
  /** An event that comes with the start, in one step: for the new instance, or for one that runs already, which is not started again. */
  readonly raiseEvent?: string | { readonly name: string } | null | undefined;
  /** Its payload. Default `null`. */
  readonly eventPayload?: unknown;
}

/** How an instance is started and waited for. */
export interface RunOptions extends ScheduleOptions {
  /** Until it is no longer PENDING, or until it has ended. Default "completed". */
  readonly waitFor?: "started" | "completed" | null | undefined;
  /** Default 60. */
  readonly timeoutInSeconds?: number | null | undefined;
  /** Whether the state has its input and its output. Default true. */
  readonly fetchPayloads?: boolean | null | undefined;
}

export interface RaiseOptions {
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
}

/** What is behind the workflow in `scheduleNewWorkflow`: the input may be left out where the workflow takes none. */
export type InputAndStart<TInput> = undefined extends TInput
  ? [input?: TInput, instanceIdOrOptions?: string | ScheduleOptions | null, startAt?: Date | null]
  : [input: TInput, instanceIdOrOptions?: string | ScheduleOptions | null, startAt?: Date | null];

/** The same for `runWorkflow`. */
export type InputAndRun<TInput> = undefined extends TInput
  ? [input?: TInput, options?: RunOptions | null]
  : [input: TInput, options?: RunOptions | null];

export interface TerminateOptions {
  /** Spares the children. Default false. */
  readonly nonRecursive?: boolean | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
}

export interface RepairOptions {
  /** Names this request: sent twice, it counts once. Default: a random UUID. */
  readonly requestId?: string | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
}

export interface PurgeOptions {
  /** Also one that has not ended, or that is stalled. Default false. */
  readonly force?: boolean | null | undefined;
  /** Spares the children. Default false. */
  readonly nonRecursive?: boolean | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the log. */
  readonly reason?: string | null | undefined;
}

export interface RerunOptions {
  /** The `id` of a TaskScheduled, TimerCreated or ChildWorkflowInstanceCreated in the history: that call is made again. Default 0: all is done again. */
  readonly eventId?: number | null | undefined;
  /** Default: a random UUID. */
  readonly newInstanceId?: string | null | undefined;
  /** In place of the input of the call, or of the workflow; `undefined` and `null` are inputs, too. Default: the same. */
  readonly input?: unknown;
  /** Where the call is that of a child. Default: an ID made of that of the new instance. */
  readonly newChildWorkflowInstanceId?: string | null | undefined;
  /** Names this request: sent twice with the same new ID, it makes one instance. Default: a random UUID. */
  readonly requestId?: string | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history of the new instance. */
  readonly reason?: string | null | undefined;
}

export interface RestartOptions {
  /** Names this request: sent twice, it begins one new run. Default: a random UUID. */
  readonly requestId?: string | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
}

export interface UpdateOptions {
  /** Names this update: sent twice, it counts once. Default: a random UUID. */
  readonly updateId?: string | null | undefined;
  /** Default 60. */
  readonly timeoutInSeconds?: number | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history. */
  readonly reason?: string | null | undefined;
}

/** Which events, and from where. */
export interface HistorySearchOptions {
  /** "desc": from the end. Default "asc". */
  readonly order?: "asc" | "desc" | null | undefined;
  /** Only events of these types. */
  readonly types?: readonly HistoryEventType[] | null | undefined;
  /** Only events with this text in one of theirs. Upper and lower case count. */
  readonly contains?: string | null | undefined;
}

export interface HistoryPageOptions extends HistorySearchOptions {
  /** At most so many events, 1 to 10,000. Default 1,000. */
  readonly limit?: number | null | undefined;
  /** Of the page before. Default: from the beginning, or from the end where `order` is "desc". */
  readonly continuationToken?: string | null | undefined;
}

export interface TimelinePageOptions {
  /** At most so many bars, or one more, 1 to 10,000. Default 1,000. */
  readonly limit?: number | null | undefined;
  /** Of the page before. */
  readonly continuationToken?: string | null | undefined;
  /** "desc": from the end. Default "asc". */
  readonly order?: "asc" | "desc" | null | undefined;
}

function isNameOrDeclaration(value: unknown): boolean {
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : value;
  return typeof name === "string" && name !== "";
}

const startRules = {
  instanceId: aString,
  startAt: aDate,
  searchAttributes: someAttributes,
  retention: aRetention,
  reason: aString,
  reuse: oneOf("replace", "reject", "ignore", "terminate"),
  raiseEvent: typeRule("the name of an event, or its declaration", isNameOrDeclaration),
  eventPayload: anything,
};
export const scheduleOptions = optionsOf<ScheduleOptions>(startRules);
export const runOptions = optionsOf<RunOptions>({
  ...startRules,
  waitFor: typeRule('"started" or "completed"', (value) => value === "started" || value === "completed"),
  timeoutInSeconds: secondsFromZero,
  fetchPayloads: aBoolean,
});
export const raiseOptions = optionsOf<RaiseOptions>({ reason: aString });
export const terminateOptions = optionsOf<TerminateOptions>({ nonRecursive: aBoolean, reason: aString });
export const purgeOptions = optionsOf<PurgeOptions>({ force: aBoolean, nonRecursive: aBoolean, reason: aString });
export const repairOptions = optionsOf<RepairOptions>({ requestId: aString, reason: aString });
export const rerunOptions = optionsOf<RerunOptions>({
  eventId: aNumber("a whole number from 0", (value) => Number.isInteger(value) && value >= 0),
  newInstanceId: aString,
  input: anything,
  newChildWorkflowInstanceId: aString,
  requestId: aString,
  reason: aString,
});
export const restartOptions = optionsOf<RestartOptions>({ requestId: aString, reason: aString });
export const updateOptions = optionsOf<UpdateOptions>({
  updateId: aString,
  timeoutInSeconds: secondsFromZero,
  reason: aString,
});
const pageRules = {
  limit: aNumber("a whole number from 1 to 10000", (value) => Number.isInteger(value) && value >= 1 && value <= 10_000),
  continuationToken: aString,
  order: oneOf("asc", "desc"),
};
const searchRules = {
  order: oneOf("asc", "desc"),
  types: typeRule("a list of types of events", (value) => Array.isArray(value) && value.every(isEventType)),
  contains: aString,
};
export const historySearchOptions = optionsOf<HistorySearchOptions>(searchRules);
export const historyPageOptions = optionsOf<HistoryPageOptions>({ ...pageRules, ...searchRules });
export const timelinePageOptions = optionsOf<TimelinePageOptions>(pageRules);

const DEFAULT_TIMEOUT_SECONDS = 60;

/** The seconds that a wait may take: `undefined` and `null` are 60. */
export function timeoutOf(seconds: number | null | undefined, call: string, instanceId: string): number {
  return readArgument(secondsFromZero, seconds, "timeoutInSeconds", call, instanceId) ?? DEFAULT_TIMEOUT_SECONDS;
}

/** Whether a state has its payloads: `undefined` and `null` are yes. */
export function payloadsOf(given: boolean | null | undefined, call: string, instanceId: string): boolean {
  return readArgument(aBoolean, given, "fetchPayloads", call, instanceId) ?? true;
}

export interface WatchOptions {
  /** The `id` of an event: tells what comes after it. Default: from the beginning of the current execution. */
  readonly after?: string | null | undefined;
  /** Ends the watch, which rejects with its reason. */
  readonly signal?: AbortSignal | null | undefined;
}

export const watchOptions = optionsOf<WatchOptions>({
  after: aString,
  signal: typeRule("an AbortSignal", (value) => value instanceof AbortSignal),
});
