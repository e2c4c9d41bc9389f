import type { FailureDetails } from "../model/failure.ts";

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
  /** No pause is longer than this. Default 3,600. */
  readonly maxRetryInterval?: number | undefined;
  /** No attempt begins later than this after the first. Default: no limit. */
  readonly retryTimeout?: number | undefined;
  /** From 0 to 1: so much of each pause is left out at random, the same in every replay. Default 0. */
  readonly jitter?: number | undefined;
  /** Whether to call again after this failure. Runs inside the workflow, so it must be deterministic. Default: yes. */
  readonly handleFailure?: ((failure: FailureDetails) => boolean) | undefined;
}

/** Longer than anybody waits, and still within the range of Date when it is added to a time. */
export const MAX_SECONDS = 4e12;

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
 * else, 0 too, not at all. Runs inside the workflow, so it must be deterministic. A handler that throws is a no.
 */
export type RetryHandler = (context: RetryContext) => boolean | number;

export interface FailedAttempt {
  readonly attempt: number;
  readonly failure: FailureDetails;
  /** Since the first attempt was called. */
  readonly elapsedMs: number;
  /** From 0 up to, and without, 1; asked for only if there is jitter. */
  readonly random: () => number;
}

/** The pause before the next attempt, in milliseconds, or `undefined` when there is to be none. */
export function retryDelayMs(retry: RetryPolicy | RetryHandler, failed: FailedAttempt): number | undefined {
  if (failed.failure.isNonRetriable) return undefined;
  try {
    return typeof retry === "function" ? askHandler(retry, failed) : askPolicy(retry, failed);
  } catch {
    return undefined;
  }
}

function askHandler(handler: RetryHandler, { attempt, failure, elapsedMs }: FailedAttempt): number | undefined {
  const answer = handler({ lastAttemptNumber: attempt, lastFailure: failure, totalRetryTime: elapsedMs / 1000 });
  if (answer === true) return 0;
  if (typeof answer !== "number" || !(answer > 0) || !Number.isFinite(answer)) return undefined;
  return Math.ceil(Math.min(answer, MAX_SECONDS) * 1000);
}

function askPolicy(policy: RetryPolicy, { attempt, failure, elapsedMs, random }: FailedAttempt): number | undefined {
  if (attempt >= policy.maxNumberOfAttempts) return undefined;
  if (policy.handleFailure !== undefined && !policy.handleFailure(failure)) return undefined;
  const { firstRetryInterval, backoffCoefficient = 1, maxRetryInterval = 3600, retryTimeout, jitter = 0 } = policy;
  // Nothing times a power that has grown beyond all numbers is none.
  const grown = firstRetryInterval === 0 ? 0 : firstRetryInterval * backoffCoefficient ** (attempt - 1);
  const pause = Math.min(grown, maxRetryInterval, MAX_SECONDS) * 1000;
  const delayMs = Math.ceil(jitter > 0 ? pause * (1 - jitter * random()) : pause);
  return retryTimeout !== undefined && elapsedMs + delayMs > retryTimeout * 1000 ? undefined : delayMs;
}

/** Throws a RangeError that names the field, where the policy is made and not where it is first needed. */
export function checkRetry(retry: RetryPolicy | RetryHandler | undefined): void {
  if (retry === undefined || typeof retry === "function") return;
  const { maxNumberOfAttempts: attempts, backoffCoefficient, jitter } = retry;
  if (!(Number.isInteger(attempts) && attempts >= 1)) throw wrong("maxNumberOfAttempts", "an integer from 1", attempts);
  for (const name of ["firstRetryInterval", "maxRetryInterval", "retryTimeout"] as const) {
    const seconds = retry[name];
    if (seconds === undefined && name !== "firstRetryInterval") continue;
    if (!(typeof seconds === "number" && seconds >= 0)) throw wrong(name, "a number of seconds from 0", seconds);
  }
  if (backoffCoefficient !== undefined && !(backoffCoefficient >= 1))
    throw wrong("backoffCoefficient", "a number from 1", backoffCoefficient);
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) throw wrong("jitter", "a number from 0 to 1", jitter);
}

function wrong(field: string, expected: string, found: unknown): RangeError {
  return new RangeError(`retry.${field} is ${expected}, found ${String(found)}`);
}
