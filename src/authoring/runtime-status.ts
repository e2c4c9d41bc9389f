import type { RuntimeStatus } from "../model/status.ts";

/** Status of an instance as Dapr's JavaScript SDK numbers it (its numbers are those of durabletask's OrchestrationStatus). */
export enum WorkflowRuntimeStatus {
  RUNNING = 0,
  COMPLETED = 1,
  CONTINUED_AS_NEW = 2,
  FAILED = 3,
  TERMINATED = 5,
  PENDING = 6,
  SUSPENDED = 7,
}

/** durabletask's OrchestrationStatus: the same numbers, and 4 for CANCELED, which no instance ever has. */
export type OrchestrationStatus = number;

/** Throws for a number that is not a status of Dapr's JavaScript SDK. */
export function fromOrchestrationStatus(val: OrchestrationStatus): WorkflowRuntimeStatus {
  if (WorkflowRuntimeStatus[val] === undefined) {
    throw new Error(`Unknown orchestration status: ${val}. Known are 0 to 7, without 4.`);
  }
  return val;
}

/** Throws for a number that is not a status of Dapr's JavaScript SDK. */
export function toOrchestrationStatus(val: WorkflowRuntimeStatus): OrchestrationStatus {
  return fromOrchestrationStatus(val);
}

export function fromWireStatus(status: RuntimeStatus): WorkflowRuntimeStatus {
  return WorkflowRuntimeStatus[status];
}
