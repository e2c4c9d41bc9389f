// [I56] When something of a life falls due next.
import { describe, expect, it } from "vitest";
import { nextDueOf } from "../../../../src/instance/life/due.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NOW = 1_000;

interface Times {
  readonly delivery?: number;
  readonly stallRetry?: number;
  readonly timer?: number;
  readonly start?: number;
  readonly retry?: number;
  readonly isStalled?: boolean;
  readonly isWaitingForLease?: boolean;
}

function dueOf(times: Times, afterMs = Number.NEGATIVE_INFINITY): number {
  const { delivery = NEVER, stallRetry = NEVER, timer, start = NEVER, retry = 0 } = times;
  const life = {
    isStalled: times.isStalled === true,
    outbox: { nextAttemptAtMs: () => delivery },
    stallWatch: { retryAtMs: stallRetry },
    orchestration: timer === undefined ? undefined : { pending: { nextTimerAtMs: () => timer } },
    queue: { startAtMs: () => start, isWaitingForLease: times.isWaitingForLease === true },
    retryAtMs: retry,
  };
  return nextDueOf(life as Parameters<typeof nextDueOf>[0], afterMs, NOW);
}

describe("[I56] What falls due next", () => {
  it("[I56.1] is the first of a message, a timer, a start and a turn that is tried again; nothing is never", () => {
    const all = { delivery: 1_004, timer: 1_003, start: 1_002, retry: 1_001 };
    expect(dueOf(all)).toBe(1_001);
    expect(dueOf({ ...all, retry: 0 })).toBe(1_002);
    expect(dueOf({ ...all, retry: 0, start: NEVER })).toBe(1_003);
    expect(dueOf({ delivery: 1_004 })).toBe(1_004);
    expect(dueOf({})).toBe(NEVER);
  });

  it("[I56.2] leaves out what is due by then already, of each kind", () => {
    for (const name of ["delivery", "timer", "start", "retry"] as const) {
      expect([name, dueOf({ [name]: 2_000 }, 1_999)]).toEqual([name, 2_000]);
      expect([name, dueOf({ [name]: 2_000 }, 2_000)]).toEqual([name, NEVER]);
    }
  });

  it("[I56.3] a turn that may be tried now is no time to wake at", () => {
    expect([dueOf({ retry: NOW }), dueOf({ retry: NOW + 1 })]).toEqual([NEVER, NOW + 1]);
  });

  it("[I56.4] of one that is stalled its next try and messages count, and nothing else", () => {
    const stalled = { isStalled: true, timer: 1_001, start: 1_001, retry: 1_001 };
    expect(dueOf(stalled)).toBe(NEVER);
    expect(dueOf({ ...stalled, delivery: 1_009 })).toBe(1_009);
    expect(dueOf({ ...stalled, delivery: 1_009, stallRetry: 1_008 })).toBe(1_008);
    expect(dueOf({ ...stalled, stallRetry: 1_008 }, 1_008)).toBe(NEVER);
  });

  it("[I56.5] of one that waits for a lease messages count, and nothing else: no turn takes what is due", () => {
    const waits = { isWaitingForLease: true, timer: 1_001, start: 1_001, retry: 1_001 };
    expect([dueOf(waits), dueOf({ ...waits, delivery: 1_009 })]).toEqual([NEVER, 1_009]);
  });
});
