import type { FailureDetails } from "../model/failure.ts";
import {
  aFunction,
  aNumber,
  anObject,
  type OptionRule,
  optionsOf,
  required,
  secondsFromZero,
} from "../model/options.ts";
import { isPromise, MAX_MICROTASKS, notAnAnswer, settledSoon } from "./callbacks.ts";
import { Task } from "./task.ts";

/**
 * When a failed activity or child workflow is called again (names of Dapr's .NET and Java SDKs). Times are in seconds,
 * as in `createTimer`. A pause is a durable timer; a failure marked as non-retriable is never retried.
 *
 *     { maxNumberOfAttempts: 5, firstRetryInterval: 10, backoffCoefficient: 2, maxRetryInterval: 300 }
 */
export interface RetryPolicy {
  /** All attempts together, the first included: 1 or more. */
  readonly maxNumberOfAttempts: number;
  /** The pause after the first attempt; 0 calls again at once. */
  readonly firstRetryInterval: number;
  /** Each pause is this many times the one before. Default 1. */
  readonly backoffCoefficient?: number | undefined;
  /** No pause is longer than this. Default 3,600, or `firstRetryInterval` where that is more. */
  readonly maxRetryInterval?: number | undefined;
  /** No attempt begins later than this after the first. Default: no limit. */
  readonly retryTimeout?: number | undefined;
  /** From 0 to 1: so much of each pause is left out at random, the same in every replay. Default 0. */
  readonly jitter?: number | undefined;
  /** Whether to call again after this failure. Runs inside the workflow, so it must be deterministic. Default: yes. A promise is waited for. */
  readonly handleFailure?: ((failure: FailureDetails) => boolean | Promise<boolean>) | undefined;
}

/** Longer than anybody waits, and still within the range of Date when it is added to a time. */
export const MAX_SECONDS = 4e12;

/** In seconds; a first pause that is longer lifts it. */
const DEFAULT_LONGEST_PAUSE = 3_600;

/** What a retry handler is told. */
export interface RetryContext {
  /** How many attempts there have been. */
  readonly lastAttemptNumber: number;
  readonly lastFailure: FailureDetails;
  /** Seconds since the first attempt was called. */
  readonly totalRetryTime: number;
}

/**
 * Decides about each failure by itself: `true` calls again at once, a positive number after so many seconds, anything
 * else, 0 too, not at all. Runs inside the workflow, so it must be deterministic. A handler that throws is a no. A promise
 * is waited for, if it is settled within 1,000 microtasks: it waits for nothing outside of the workflow.
 */
export type RetryHandler = (context: RetryContext) => boolean | number | Promise<boolean | number>;

export interface FailedAttempt {
  readonly attempt: number;
  readonly failure: FailureDetails;
  /** Since the first attempt was called. */
  readonly elapsedMs: number;
  /** From 0 up to, and without, 1; asked for only if there is jitter. */
  readonly random: () => number;
}

/**
 * The pause before the next attempt, in milliseconds; `undefined` when there is to be none; or why the handler has not said
 * so, and the call fails.
 */
export type RetryDecision = number | undefined | { readonly fault: string };

export function retryDelayMs(
  retry: RetryPolicy | RetryHandler,
  failed: FailedAttempt,
): RetryDecision | Promise<RetryDecision> {
  if (failed.failure.isNonRetriable) return undefined;
  try {
    return typeof retry === "function" ? askHandler(retry, failed) : askPolicy(retry, failed);
  } catch {
    return undefined;
  }
}

function askHandler(handler: RetryHandler, { attempt, failure, elapsedMs }: FailedAttempt) {
  const answer = handler({ lastAttemptNumber: attempt, lastFailure: failure, totalRetryTime: elapsedMs / 1000 });
  return decide("retry", answer, delayOf);
}

function delayOf(answer: unknown): number | undefined {
  if (answer === true) return 0;
  if (typeof answer !== "number" || !(answer > 0) || !Number.isFinite(answer)) return undefined;
  return Math.ceil(Math.min(answer, MAX_SECONDS) * 1000);
}

function askPolicy(policy: RetryPolicy, failed: FailedAttempt) {
  if (failed.attempt >= policy.maxNumberOfAttempts) return undefined;
  if (policy.handleFailure === undefined) return pauseOf(policy, failed);
  const answer = policy.handleFailure(failed.failure);
  return decide("retry.handleFailure", answer, (isYes) => (isYes ? pauseOf(policy, failed) : undefined));
}

/** What follows from an answer of the author's, once it is there. */
function decide(
  who: string,
  answer: unknown,
  delayOf: (answer: unknown) => number | undefined,
): RetryDecision | Promise<RetryDecision> {
  if (!(answer instanceof Task) && isPromise(answer)) return decideLater(who, answer, delayOf);
  const found = notAnAnswer(answer);
  return found === undefined ? delayOf(answer) : { fault: `${who} has returned ${found}` };
}

async function decideLater(
  who: string,
  answer: PromiseLike<unknown>,
  delayOf: (answer: unknown) => number | undefined,
): Promise<RetryDecision> {
  const settled = await settledSoon(answer);
  if (settled.type === "value") return decide(who, settled.value, delayOf);
  if (settled.type === "rejected") return undefined;
  return {
    fault:
      `${who} has returned a promise that has not settled after ${MAX_MICROTASKS} microtasks: ` +
      "it must wait for nothing outside of the workflow, no timer and no I/O",
  };
}

function pauseOf(policy: RetryPolicy, { attempt, elapsedMs, random }: FailedAttempt): number | undefined {
  const { firstRetryInterval, backoffCoefficient = 1, retryTimeout, jitter = 0 } = policy;
  const { maxRetryInterval = Math.max(DEFAULT_LONGEST_PAUSE, firstRetryInterval) } = policy;
  // Nothing times a power that has grown beyond all numbers is none.
  const grown = firstRetryInterval === 0 ? 0 : firstRetryInterval * backoffCoefficient ** (attempt - 1);
  const pause = Math.min(grown, maxRetryInterval, MAX_SECONDS) * 1000;
  const delayMs = Math.ceil(jitter > 0 ? pause * (1 - jitter * random()) : pause);
  return retryTimeout !== undefined && elapsedMs + delayMs > retryTimeout * 1000 ? undefined : delayMs;
}

const retryPolicy = optionsOf<RetryPolicy>({
  maxNumberOfAttempts: required(aNumber("an integer from 1", (count) => Number.isInteger(count) && count >= 1)),
  firstRetryInterval: required(aNumber("a number of seconds from 0", (pause) => pause >= 0 && Number.isFinite(pause))),
  backoffCoefficient: aNumber("a number from 1", (factor) => factor >= 1),
  maxRetryInterval: secondsFromZero,
  retryTimeout: secondsFromZero,
  jitter: aNumber("a number from 0 to 1", (share) => share >= 0 && share <= 1),
  handleFailure: aFunction,
});

/** What `retry` may be in the options of a call: refused where the policy is made, and not where it is first needed. */
export const retryOption: OptionRule = anObject(retryPolicy, "a retry policy or a function that decides", aFunction);
