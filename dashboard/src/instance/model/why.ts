import { waitersFor } from "./branches.ts";
import { type Call, type Moment, openCalls, openTimers } from "./moment.ts";
import type { FailureDetails, WireDetail } from "./wire.ts";
import { msOf } from "./wire.ts";

/*
 * Why an instance stands where it does, in words: what it waits for, what it tries again, why it has failed, and what mends it.
 */

/** A part of a sentence. What is somebody else's text is never in a plain one. */
export type Part =
  | string
  | { readonly code: string }
  | { readonly timeMs: number }
  | { readonly sinceMs: number }
  | { readonly instance: string };

export interface Reason {
  readonly tone: "quiet" | "run" | "wait" | "warn" | "bad";
  readonly text: readonly Part[];
  /** What to do about it. */
  readonly mend?: readonly Part[];
  /** The step that it is about: the ID of a call. */
  readonly call?: number;
}

/** As many of a kind as a person reads. */
const MOST = 3;

export function reasonsOf(moment: Moment, detail: WireDetail | undefined): Reason[] {
  switch (moment.status) {
    case "PENDING":
      return pendingReasons(moment, detail);
    case "SUSPENDED":
      return [{ tone: "wait", text: ["Paused", ...by(moment), "."], mend: ["It goes on when it is resumed."] }];
    case "STALLED":
      return [stallReason(moment, detail)];
    case "COMPLETED":
      return [];
    case "FAILED":
      return failureReasons(moment, detail);
    case "CANCELED":
    case "TERMINATED":
      return [{ tone: "warn", text: [moment.status === "CANCELED" ? "Canceled" : "Terminated", ...by(moment), "."] }];
    case "RUNNING":
      return runningReasons(moment, detail);
  }
}

function pendingReasons(moment: Moment, detail: WireDetail | undefined): Reason[] {
  const startMs = msOf(detail?.startTime);
  const limits = limitReasons(detail);
  if (limits.length > 0) return limits;
  if (startMs !== undefined) return [{ tone: "wait", text: ["Starts ", { timeMs: startMs }, "."] }];
  return [
    {
      tone: "quiet",
      text: [
        "Accepted",
        ...(moment.startedMs ? [" ", { sinceMs: moment.startedMs }] : []),
        "; its code has not begun.",
      ],
    },
  ];
}

function runningReasons(moment: Moment, detail: WireDetail | undefined): Reason[] {
  const asked: Reason[] =
    moment.asked?.what === "canceled"
      ? [{ tone: "warn", text: ["Somebody has asked for its cancellation", ...by(moment), "."] }]
      : [];
  const calls = openCalls(moment);
  const retrying = calls.filter(({ status, attempt }) => status === "retrying" || attempt > 1);
  const running = calls.filter((call) => !retrying.includes(call));
  const waits = waitsOf(moment, detail);
  const all = [
    ...asked,
    ...retrying.slice(0, MOST).map(retryReason),
    ...limitReasons(detail),
    ...waits,
    ...runs(running),
  ];
  const hidden = retrying.length - MOST;
  if (hidden > 0) all.push({ tone: "warn", text: [`${hidden} more calls are tried again.`] });
  return all.length > 0 ? all : [{ tone: "run", text: ["Its code is at work."] }];
}

function retryReason(call: Call): Reason {
  const { name, branch, attempt, status, lastFailure, nextAttemptMs, attemptMs, id } = call;
  const failed: Part[] =
    lastFailure === undefined ? [] : [" after ", { code: `${lastFailure.errorType}: ${lastFailure.message}` }];
  const text: Part[] =
    status === "retrying"
      ? [
          { code: name },
          ...within(branch),
          ` has failed in attempt ${attempt}`,
          ...(lastFailure ? [": ", { code: `${lastFailure.errorType}: ${lastFailure.message}` }] : []),
          ". Next attempt ",
          nextAttemptMs === undefined ? "soon" : { timeMs: nextAttemptMs },
          ".",
        ]
      : [
          { code: name },
          ...within(branch),
          ` runs in attempt ${attempt}`,
          ...failed,
          ", ",
          { sinceMs: attemptMs },
          ".",
        ];
  return { tone: "warn", text, call: id };
}

function waitsOf(moment: Moment, detail: WireDetail | undefined): Reason[] {
  const reasons: Reason[] = [];
  const events = detail?.awaitedEvents ?? [];
  const untilMs = openTimers(moment)
    .filter(({ id }) => detail === undefined || detail.openTimers.some((timer) => timer.id === id))
    .map(({ fireMs }) => fireMs)
    .sort((one, other) => one - other)[0];
  if (events.length > 0) {
    const names = events
      .slice(0, MOST)
      .flatMap((name, n): Part[] => [
        n === 0 ? "" : ", ",
        { code: name },
        ...within(waitersFor(detail?.branches, `event:${name}`)[0]),
      ]);
    const more = events.length > MOST ? [` and ${events.length - MOST} more`] : [];
    const until: Part[] = untilMs === undefined ? [] : [", or until ", { timeMs: untilMs }];
    reasons.push({
      tone: "wait",
      text: [events.length === 1 ? "Waits for the event " : "Waits for the events ", ...names, ...more, ...until, "."],
    });
  } else if (untilMs !== undefined) {
    reasons.push({ tone: "wait", text: ["Waits until ", { timeMs: untilMs }, "."] });
  }
  if (detail?.awaitsCondition === true) reasons.push({ tone: "wait", text: ["Waits for a condition of its own."] });
  return reasons;
}

function runs(calls: readonly Call[]): Reason[] {
  const [first] = calls;
  if (first === undefined) return [];
  if (calls.length > MOST) {
    const names = [...new Set(calls.map(({ name }) => name))];
    return [
      {
        tone: "run",
        text: [
          `${calls.length} calls run: `,
          { code: names.slice(0, MOST).join(", ") },
          names.length > MOST ? " and others." : ".",
        ],
      },
    ];
  }
  return calls.map(({ kind, name, branch, instanceId, attemptMs, id }) => ({
    tone: "run",
    text:
      kind === "child" && instanceId !== undefined
        ? [
            "Waits for the child ",
            { instance: instanceId },
            " (",
            { code: name },
            ")",
            ...within(branch),
            ", ",
            { sinceMs: attemptMs },
            ".",
          ]
        : ["Runs ", { code: name }, ...within(branch), ", ", { sinceMs: attemptMs }, "."],
    call: id,
  }));
}

function within(branch: string | undefined): Part[] {
  return branch === undefined ? [] : [" in branch ", { code: branch }];
}

function limitReasons(detail: WireDetail | undefined): Reason[] {
  return (detail?.limits ?? []).slice(0, MOST).map(({ limit, key, activity, ahead }) => ({
    tone: "wait",
    text: [
      ...(activity === undefined ? ["Waits"] : [{ code: activity.name }, " waits"]),
      " for the limit ",
      { code: key === "" ? limit : `${limit} / ${key}` },
      ahead === undefined ? "." : ahead === 0 ? ": it is next." : `: ${ahead} come before it.`,
    ],
  }));
}

function stallReason(moment: Moment, detail: WireDetail | undefined): Reason {
  const { reason, message } = moment.stall ?? detail?.stall ?? { reason: "STALLED", message: "" };
  const text: Part[] = [{ code: reason }, ": ", { code: message }];
  return {
    tone: "warn",
    text,
    mend: MENDS[reason] ?? ["Deploy code, or keys, that can read it. It looks again by itself."],
  };
}

const MENDS: Readonly<Record<string, readonly Part[]>> = {
  VERSION_NOT_AVAILABLE: [
    "Deploy code that has this version, or put the instance on another version (Actions). It goes on by itself then.",
  ],
  PATCH_MISMATCH: ["Deploy code that has the patch that its history names. It goes on by itself then."],
  NON_DETERMINISM: [
    "Deploy code that does what the history says, or put the instance on the version that did (Actions). It goes on by itself then.",
  ],
  WORKFLOW_NOT_REGISTERED: ["Deploy code in which this workflow is registered. It goes on by itself then."],
};

function failureReasons(moment: Moment, detail: WireDetail | undefined): Reason[] {
  const failure = moment.failure ?? detail?.failure;
  if (failure === undefined) return [{ tone: "bad", text: ["Failed."] }];
  const call = failedCallOf(failure);
  const deepest = causesOf(failure).at(-1) ?? failure;
  return [
    {
      tone: "bad",
      text: [{ code: `${deepest.errorType}: ${deepest.message}` }],
      ...(call !== undefined && { call }),
    },
  ];
}

/** A failure and what has caused it, down to the first cause. */
export function causesOf(failure: FailureDetails): FailureDetails[] {
  const causes: FailureDetails[] = [];
  for (let at: FailureDetails | undefined = failure; at !== undefined; at = at.innerFailure) causes.push(at);
  return causes;
}

/** The number of the call that a failure has come from: the engine names it. */
export function failedCallOf(failure: FailureDetails): number | undefined {
  for (const { errorType, message } of causesOf(failure)) {
    if (errorType !== "TaskFailedError") continue;
    const [, id] = /(?:Activity|Sub-orchestration) task #(\d+) failed: /.exec(message) ?? [];
    if (id !== undefined) return Number(id);
  }
  return undefined;
}

function by({ asked }: Moment): Part[] {
  if (asked === undefined) return [];
  const { actor, reason } = asked;
  return [
    ...(actor === undefined ? [] : [" by ", { code: actor }]),
    ...(reason === undefined ? [] : [": ", { code: reason }]),
  ];
}
