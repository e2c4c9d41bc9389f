import {
  aBoolean,
  aDate,
  aFunction,
  aNumber,
  aString,
  optionsOf,
  readArgument,
  readOptions,
  required,
  secondsAboveZero,
  shown,
} from "../model/options.ts";
import { givenAttributes, type SearchAttributes, someAttributes } from "../model/search-attributes.ts";
import type { UpdateValidator } from "./interactions.ts";
import { nameOf } from "./names.ts";
import { MAX_SECONDS, type RetryHandler, type RetryPolicy, retryOption } from "./retry.ts";
import type { AnyCalled, InputAndOptions, InputOf } from "./signatures.ts";

/** Times are in seconds. An activity that runs out of time fails with errorType `ActivityTimeoutError`, and its `signal` is aborted. */
export interface ActivityOptions {
  readonly retry?: RetryPolicy | RetryHandler | undefined;
  /** How long one attempt may take, from its begin, and again from the begin of a run after a restart. Default: as long as it likes. */
  readonly timeout?: number | undefined;
  /** How long the call may take, all attempts and pauses together. Default: no limit. */
  readonly totalTimeout?: number | undefined;
  /** How long an attempt may go without a call of `heartbeat`. Default: for ever. */
  readonly heartbeatTimeout?: number | undefined;
}

export interface ChildWorkflowOptions {
  /** Default: made from this instance's ID; each attempt has one of its own. */
  readonly instanceId?: string | undefined;
  readonly retry?: RetryPolicy | RetryHandler | undefined;
  /** What the child is found by in lists, until its code sets others. Default: nothing. */
  readonly searchAttributes?: SearchAttributes | undefined;
}

export interface DetachedWorkflowOptions {
  /** Default: `<this instance>-<call>`. */
  readonly instanceId?: string | undefined;
  /** It is PENDING until then. Default: now. */
  readonly startAt?: Date | undefined;
  /** What it is found by in lists, until its code sets others. Default: nothing. */
  readonly searchAttributes?: SearchAttributes | undefined;
}

export interface EventWaitOptions {
  /** In seconds; 0 takes only what has come already, less than 0 waits for ever. Default: for ever. */
  readonly timeout?: number | undefined;
}

export interface UpdateHandlerOptions<TInput> {
  /** Refuses an update by throwing, and changes nothing. */
  readonly validator?: ((input: TInput) => void) | undefined;
}

export interface BranchOptions {
  /** What others are told of it; 1 to 100 characters. Default: `branch-<number>`. */
  readonly name?: string | undefined;
}

export interface ContinueAsNewOptions {
  /** The next execution runs the latest version of the workflow. Default false: the version of this one. */
  readonly toLatestVersion?: boolean | undefined;
}

/** Dapr's place for the child's ID takes options too. */
export type ChildPlace = string | ChildWorkflowOptions;

/** What stands behind the activity, or the workflow, in a call of it. */
export type ActivityArguments<A extends AnyCalled> = InputAndOptions<InputOf<A>, ActivityOptions>;
export type ChildArguments<W extends AnyCalled> = InputAndOptions<InputOf<W>, ChildPlace>;
export type DetachedArguments<W extends AnyCalled> = InputAndOptions<InputOf<W>, DetachedWorkflowOptions>;

/** The options of a call as an execution needs them: times are in milliseconds. */
export interface ActivityCallOptions {
  readonly retry?: RetryPolicy | RetryHandler | undefined;
  readonly timeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  readonly heartbeatTimeoutMs?: number | undefined;
}
export interface ChildCallOptions {
  readonly retry?: RetryPolicy | RetryHandler | undefined;
  readonly instanceId?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}
export interface DetachedCallOptions {
  readonly instanceId?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  readonly startAtMs?: number | undefined;
}

const activityOptions = optionsOf<ActivityOptions>({
  retry: retryOption,
  timeout: secondsAboveZero,
  totalTimeout: secondsAboveZero,
  heartbeatTimeout: secondsAboveZero,
});
const childOptions = optionsOf<ChildWorkflowOptions>({
  instanceId: aString,
  retry: retryOption,
  searchAttributes: someAttributes,
});
const detachedOptions = optionsOf<DetachedWorkflowOptions>({
  instanceId: aString,
  startAt: aDate,
  searchAttributes: someAttributes,
});
const waitOptions = optionsOf<EventWaitOptions>({ timeout: aNumber("a number of seconds", Number.isFinite) });
const handlerOptions = optionsOf<UpdateHandlerOptions<unknown>>({ validator: aFunction });
const aBranchName = {
  expected: "a text of 1 to 100 characters",
  fits: (value: unknown) => typeof value === "string" && value.isWellFormed() && value !== "" && value.length <= 100,
  error: TypeError,
};
const branchOptions = optionsOf<BranchOptions>({ name: aBranchName });
const continueOptions = optionsOf<ContinueAsNewOptions>({ toLatestVersion: aBoolean });

/** Of a call that has none, what stands in their place is refused: it would be passed over without a word. */
export function readNoOptions(given: unknown, call: string, instead: string): void {
  if (given === undefined || given === null) return;
  throw new TypeError(`${call} has no options, found ${shown(given)}: ${instead}`);
}

const noOptions = Object.freeze({});

export function readActivityOptions(
  given: ActivityOptions | null | undefined,
  call: string,
  name: string,
): ActivityCallOptions {
  if (given === undefined || given === null) return noOptions;
  const { retry, timeout, totalTimeout, heartbeatTimeout } = readOptions(activityOptions, given, call, name);
  return {
    retry,
    timeoutMs: toMs(timeout),
    totalTimeoutMs: toMs(totalTimeout),
    heartbeatTimeoutMs: toMs(heartbeatTimeout),
  };
}

export function readChildOptions(given: ChildPlace | null | undefined, name: string): ChildCallOptions {
  if (given === undefined || given === null) return noOptions;
  if (typeof given === "string") return { instanceId: given };
  if (typeof given !== "object")
    throw new TypeError(
      `callChildWorkflow '${name}': the third argument is an instance ID, a string, or options, found ${shown(given)}`,
    );
  const { instanceId, retry, searchAttributes } = readOptions(childOptions, given, "callChildWorkflow", name);
  return { instanceId, retry, searchAttributes: givenAttributes(searchAttributes) };
}

export function readDetachedOptions(
  given: DetachedWorkflowOptions | null | undefined,
  name: string,
): DetachedCallOptions {
  if (given === undefined || given === null) return noOptions;
  const { instanceId, startAt, searchAttributes } = readOptions(detachedOptions, given, "scheduleNewWorkflow", name);
  return { instanceId, startAtMs: startAt?.getTime(), searchAttributes: givenAttributes(searchAttributes) };
}

/** The timeout in milliseconds. */
export function readWaitTimeout(given: EventWaitOptions | null | undefined, name: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "number")
    throw new TypeError(
      `waitForExternalEvent '${name}': a timeout stands in the options, { timeout: ${given} }, in seconds; found ${given}`,
    );
  return toMs(readOptions(waitOptions, given, "waitForExternalEvent", name).timeout);
}

export function readValidator(
  given: UpdateHandlerOptions<never> | null | undefined,
  name: string,
): UpdateValidator | undefined {
  return readOptions(handlerOptions, given as UpdateHandlerOptions<unknown>, "setUpdateHandler", name).validator;
}

/** When a timer is due, in milliseconds since 1970. */
export function readFireAt(given: Date | number, nowMs: number): number {
  const fireAtMs = typeof given === "number" ? nowMs + given * 1000 : given?.getTime?.();
  // The range of Date: beyond it, a time cannot be shown or compared.
  if (typeof fireAtMs !== "number" || !(Math.abs(fireAtMs) <= 8.64e15)) {
    throw new RangeError(`createTimer takes a Date or a number of seconds, but was given ${shown(given)}`);
  }
  return Math.ceil(fireAtMs);
}

/** A name may stand in the place of the options. */
export function readBranchName(given: string | BranchOptions | null | undefined): string | undefined {
  return typeof given === "string"
    ? readArgument(aBranchName, given, "the name", "branch")
    : readOptions(branchOptions, given, "branch").name;
}

/** The name of the event that is waited for. */
export function readAwaitedEvent(given: string | { readonly name: string }): string {
  const name: unknown = typeof given === "string" ? given : given?.name;
  if (typeof name === "string" && name !== "") return nameOf(name);
  const found = shown(typeof given === "object" ? name : given);
  throw new TypeError(`waitForExternalEvent takes the name of an event, a string that is not empty, found ${found}`);
}

const aHandler = required(aFunction);

/** A handler or a condition, where the code hands it in, and not where it is first needed. */
export function readFunction<F>(given: F, what: string, call: string, name?: string): F {
  if (typeof given === "function") return given;
  return readArgument(aHandler, given, what, call, name) as F;
}

export function readContinueOptions(given: ContinueAsNewOptions | null | undefined): ContinueAsNewOptions {
  return readOptions(continueOptions, given, "continueAsNew");
}

/** Longer than anybody waits is as long as that. */
function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.ceil(Math.min(seconds, MAX_SECONDS) * 1000);
}
