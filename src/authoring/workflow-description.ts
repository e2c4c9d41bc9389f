import type { FailureDetails } from "../model/failure.ts";
import type { ParentLink } from "../model/history-event.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";
import { type WireState, WorkflowState } from "./workflow-state.ts";

/*
 * What `GET …/{id}?detail=full` tells, with dates for its times. A field that the server does not tell is not there.
 */

interface Attempt {
  /** Of a branch: its name. */
  readonly branch?: string;
  /** `retrying`: it has failed, and waits for its next attempt. */
  readonly status: "running" | "retrying";
  /** The one that runs, or that has failed last. */
  readonly attempt: number;
  readonly lastFailure?: Pick<FailureDetails, "errorType" | "message">;
  readonly nextAttemptAt?: Date;
}

export interface PendingActivity extends Attempt {
  readonly id: number;
  readonly name: string;
  readonly scheduledAt: Date;
}

export interface OpenChild extends Attempt {
  readonly id: number;
  readonly instanceId: string;
  readonly name: string;
  readonly createdAt: Date;
}

export interface OpenTimer {
  readonly id: number;
  readonly branch?: string;
  readonly createdAt: Date;
  readonly fireAt: Date;
}

/** A branch that is not over. */
export interface OpenBranch {
  readonly name: string;
  /** In the words of the instance's `waitingFor`. */
  readonly waitingFor?: string;
  /** It was called off, and goes on with what it has in `finally`. */
  readonly ending?: true;
}

/** What waits for a limit: the workflow or, where it has one, the run of this activity. */
export interface WaitingForLimit {
  readonly limit: string;
  readonly key: string;
  readonly activity?: { readonly id: number; readonly name: string };
  /** In the queue of its key, from 1. */
  readonly position?: number;
  /** How many come before it, of all keys, as they wait now. */
  readonly ahead?: number;
  readonly waitingSince?: Date;
}

export interface WorkflowDetail {
  readonly executionId: string;
  readonly generation: number;
  readonly version?: string;
  readonly parentInstanceId?: string;
  readonly parent?: ParentLink;
  /** Who has asked for this execution, where the server knows: the name of the token. */
  readonly actor?: string;
  /** Until then it waits for its start. */
  readonly startTime?: Date;
  readonly endedAt?: Date;
  readonly searchAttributes?: SearchAttributes;
  readonly retention?: string;
  /** As the list has it, such as `event:paid`, but whole. */
  readonly waitingFor?: string;
  /** An activity has failed and will be tried again. */
  readonly retrying?: boolean;
  /** In the order in which they were made; absent where there are none. */
  readonly branches?: readonly OpenBranch[];
  readonly pendingActivities: readonly PendingActivity[];
  readonly openTimers: readonly OpenTimer[];
  readonly openChildren: readonly OpenChild[];
  readonly awaitedEvents?: readonly string[];
  readonly awaitsCondition?: boolean;
  readonly bufferedEvents?: readonly { readonly name: string; readonly count: number }[];
  readonly queries?: readonly string[];
  readonly updates?: readonly string[];
  readonly limits?: readonly WaitingForLimit[];
  /** How many there are of each of these lists that is cut, at 1,000 entries. */
  readonly more?: Readonly<Record<string, number>>;
  readonly sizes?: Readonly<Record<"historyEvents" | "historyBytes", number>> &
    Readonly<Partial<Record<"inputBytes" | "outputBytes" | "databaseBytes", number>>>;
  readonly stall?: { readonly reason: string; readonly message: string };
  /** When it goes on by itself. */
  readonly nextDueAt?: Date;
}

/** The state of an instance, and what else there is to tell of it. */
export class WorkflowDescription extends WorkflowState {
  readonly detail: WorkflowDetail;

  constructor(wire: WireState, detail: WorkflowDetail) {
    super(wire);
    this.detail = detail;
  }

  override toJSON(): object {
    return { ...super.toJSON(), detail: this.detail };
  }
}

/** In the answer, and not in `detail`: the state has them. */
const OF_STATE = [
  "workflowName",
  "createdAt",
  "lastUpdatedAt",
  "runtimeStatus",
  "properties",
  "failure",
  "customStatus",
];
const TIMES = /^(startTime|waitingSince|.*At)$/;
const NAMES: Readonly<Record<string, string>> = {
  parentInstanceID: "parentInstanceId",
  instanceID: "instanceId",
  workflowName: "name",
};

export function descriptionOf(answer: Answer): WorkflowDescription {
  const body = bodyOf(answer, "state in detail", ({ executionId }) => typeof executionId === "string");
  const told = Object.entries(body).filter(([key]) => key !== "instanceID" && !OF_STATE.includes(key));
  return new WorkflowDescription(body as WireState, withDates(Object.fromEntries(told)) as WorkflowDetail);
}

/** Search attributes are the author's, and stay as they are. */
function withDates(value: unknown, key = ""): unknown {
  if (typeof value === "string" && TIMES.test(key)) return new Date(value);
  if (Array.isArray(value)) return value.map((item) => withDates(item));
  if (typeof value !== "object" || value === null || key === "searchAttributes" || key === "parent") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [NAMES[name] ?? name, withDates(inner, name)]),
  );
}
