import type { Asked, HistoryFact } from "../model/history-event.ts";
import { readFailure } from "./stored-failures.ts";

/** How a fact lies in the columns that history and inbox share. `payload` may be long, the rest is short. */
export interface FactColumns {
  readonly type: string;
  readonly task_id: number | null;
  readonly name: string | null;
  readonly payload: string | null;
  /** JSON of the fields that have no column of their own. */
  readonly detail: string | null;
}

type FactType = HistoryFact["type"];
type FactOf<T extends FactType> = Extract<HistoryFact, { type: T }>;
/** The fields that have a column: the others are in `detail`. */
type Column = "type" | "id" | "name" | "input" | "result" | "output" | "failure" | "message";
type DetailOf<T extends FactType> = Omit<FactOf<T>, Column>;

interface Form<T extends FactType> {
  write(fact: FactOf<T>): FactColumns;
  /** `detail` is empty where there is none, and lacks what code before this one did not know. */
  read(type: T, id: number, name: string, payload: string | undefined, detail: DetailOf<T>): FactOf<T>;
}

/**
 * Each type of fact both ways: into the columns, and back. Rows of all code that there has been are read by this, and code
 * before this one may read what it writes: fields may be added to a detail, as optional ones, and nothing else changes.
 */
const FORMS: { readonly [T in FactType]: Form<T> } = {
  ExecutionStarted: {
    write({ type, name, input, executionId, generation, version, parent, ...others }) {
      const { traceparent, startAtMs, recentMessages, searchAttributes, rerunOf, seed, reason, actor } = others;
      const first = { executionId, generation, version, parent, traceparent, startAtMs, recentMessages };
      return row(type, null, name, input, { ...first, searchAttributes, rerunOf, seed, reason, actor });
    },
    read: (type, _id, name, input, detail) => ({ type, name, input, ...detail }),
  },
  TaskScheduled: {
    write({ type, id, name, input, attempt, firstId, timeoutMs, deadlineAtMs, heartbeatTimeoutMs, progress, branch }) {
      const isPlain =
        branch === undefined &&
        attempt === undefined &&
        timeoutMs === undefined &&
        deadlineAtMs === undefined &&
        heartbeatTimeoutMs === undefined;
      if (isPlain) return row(type, id, name, input);
      const times = { timeoutMs, deadlineAtMs, heartbeatTimeoutMs };
      return row(type, id, name, input, { attempt, firstId, ...times, progress, branch });
    },
    read: (type, id, name, input, detail) => ({ type, id, name, input, ...detail }),
  },
  TaskCompleted: {
    write: ({ type, id, result }) => row(type, id, null, result),
    read: (type, id, _name, result) => ({ type, id, result }),
  },
  TaskFailed: {
    write: ({ type, id, failure, progress }) =>
      row(type, id, null, JSON.stringify(failure), progress ? { progress } : undefined),
    read: (type, id, _name, failure, detail) => ({ type, id, failure: readFailure(failure), ...detail }),
  },
  ChildWorkflowInstanceCreated: {
    write: ({ type, id, name, input, instanceId, attempt, firstId, searchAttributes, branch }) =>
      row(type, id, name, input, { instanceId, attempt, firstId, searchAttributes, branch }),
    read: (type, id, name, input, detail) => ({ type, id, name, input, ...detail }),
  },
  ChildWorkflowInstanceCompleted: {
    write: ({ type, id, result }) => row(type, id, null, result),
    read: (type, id, _name, result) => ({ type, id, result }),
  },
  ChildWorkflowInstanceFailed: {
    write: ({ type, id, failure }) => row(type, id, null, JSON.stringify(failure)),
    read: (type, id, _name, failure) => ({ type, id, failure: readFailure(failure) }),
  },
  TimerCreated: {
    write: ({ type, id, fireAtMs, firstId, branch }) => row(type, id, null, undefined, { fireAtMs, firstId, branch }),
    read: (type, id, _name, _payload, detail) => ({ type, id, ...detail }),
  },
  TimerFired: {
    write: ({ type, id }) => row(type, id, null),
    read: (type, id) => ({ type, id }),
  },
  EventRaised: {
    write: ({ type, name, input, messageId, reason, actor }) =>
      row(
        type,
        null,
        name,
        input,
        (messageId ?? reason ?? actor) === undefined ? undefined : { messageId, reason, actor },
      ),
    read: (type, _id, name, input, detail) => ({ type, name, input, ...detail }),
  },
  EventSent: {
    write: ({ type, id, name, input, instanceId, branch }) => row(type, id, name, input, { instanceId, branch }),
    read: (type, id, name, input, detail) => ({ type, id, name, input, ...detail }),
  },
  ChildCancelRequested: {
    write: ({ type, id, reason, taskId, instanceId, branch }) =>
      row(type, id, null, reason, { taskId, instanceId, branch }),
    read: (type, id, _name, reason, detail) => ({ type, id, reason, ...detail }),
  },
  ChildEventSent: {
    write: ({ type, id, name, input, taskId, instanceId, branch }) =>
      row(type, id, name, input, { taskId, instanceId, branch }),
    read: (type, id, name, input, detail) => ({ type, id, name, input, ...detail }),
  },
  DetachedWorkflowScheduled: {
    write: ({ type, id, name, input, instanceId, startAtMs, searchAttributes, branch }) =>
      row(type, id, name, input, { instanceId, startAtMs, searchAttributes, branch }),
    read: (type, id, name, input, detail) => ({ type, id, name, input, ...detail }),
  },
  PatchRecorded: {
    write: ({ type, name }) => row(type, null, name),
    read: (type, _id, name) => ({ type, name }),
  },
  UpdateRequested: {
    write: ({ type, name, input, updateId, reason, actor }) =>
      row(type, null, name, input, { updateId, reason, actor }),
    read: (type, _id, name, input, detail) => ({ type, name, input, ...detail }),
  },
  UpdateCompleted: {
    write: ({ type, result, updateId }) => row(type, null, null, result, { updateId }),
    read: (type, _id, _name, result, detail) => ({ type, result, ...detail }),
  },
  UpdateFailed: {
    write: ({ type, failure, updateId, rejected }) =>
      row(type, null, null, JSON.stringify(failure), { updateId, rejected }),
    read: (type, _id, _name, failure, detail) => ({ type, failure: readFailure(failure), ...detail }),
  },
  ExecutionStalled: {
    write: ({ type, message, reason, beforeFirstTurn, knownBy }) =>
      row(type, null, null, message, { reason, beforeFirstTurn, knownBy }),
    read: (type, _id, _name, message, detail) => ({ type, message: message ?? "", ...detail }),
  },
  ExecutionUnstalled: {
    write: ({ type }) => row(type, null, null),
    read: (type) => ({ type }),
  },
  ExecutionCancelRequested: {
    write: askedFor,
    read: (type, _id, _name, reason, detail) => ({ type, reason, ...detail }),
  },
  ExecutionSuspended: {
    write: askedFor,
    read: (type, _id, _name, reason, detail) => ({ type, reason, ...detail }),
  },
  ExecutionResumed: {
    write: askedFor,
    read: (type, _id, _name, reason, detail) => ({ type, reason, ...detail }),
  },
  ExecutionTerminated: {
    // The payload is the output's, as code knows it that knows no reason.
    write: ({ type, output, recursive, reason, actor }) => row(type, null, null, output, { recursive, reason, actor }),
    read: (type, _id, _name, output, detail) => ({ type, output, ...detail }),
  },
  ExecutionCompleted: {
    write(fact) {
      const payload = fact.failure === undefined ? fact.output : JSON.stringify(fact.failure);
      const { status, failedAt, askedFrom, answerStays } = fact;
      return row(fact.type, null, null, payload, { status, failedAt, askedFrom, answerStays });
    },
    read: (type, _id, _name, payload, { status, ...at }) =>
      status === "FAILED" || status === "CANCELED"
        ? { type, status, failure: readFailure(payload), ...at }
        : { type, status, output: payload },
  },
  ExecutionRewound: {
    write: ({ type, reason, ...detail }) => row(type, null, null, reason, detail),
    read: (type, _id, _name, reason, detail) => ({ type, reason, ...detail }),
  },
  ExecutionVersionChanged: {
    write: ({ type, reason, ...detail }) => row(type, null, null, reason, detail),
    read: (type, _id, _name, reason, detail) => ({ type, reason, ...detail }),
  },
};

/** `false`: of a type that newer code has written. */
export function isKnownType(type: string): type is FactType {
  return Object.hasOwn(FORMS, type);
}

export function columnsOf<T extends FactType>(type: T, fact: FactOf<T>): FactColumns {
  return FORMS[type].write(fact);
}

export function factFrom<T extends FactType>(
  type: T,
  { task_id, name }: Pick<FactColumns, "task_id" | "name">,
  payload: string | undefined,
  detail: DetailOf<T>,
): FactOf<T> {
  return FORMS[type].read(type, task_id ?? 0, name ?? "", payload, detail);
}

/** What has nothing else to tell: the reason is the payload. */
function askedFor({ type, reason, actor }: Asked & { readonly type: string }): FactColumns {
  return row(type, null, null, reason, actor === undefined ? undefined : { actor });
}

function row(
  type: string,
  taskId: number | null,
  name: string | null,
  payload?: string | undefined,
  detail?: object | undefined,
): FactColumns {
  return { type, task_id: taskId, name, payload: payload ?? null, detail: detail ? JSON.stringify(detail) : null };
}
