import type { RuntimeStatus } from "../model/status.ts";

/**
 * Status of an instance with durabletask's numbers (OrchestrationStatus). Dapr's JavaScript SDK has all but CANCELED, how a
 * cooperative cancel ends, and STALLED.
 */
export enum WorkflowRuntimeStatus {
  RUNNING = 0,
  COMPLETED = 1,
  CONTINUED_AS_NEW = 2,
  FAILED = 3,
  CANCELED = 4,
  TERMINATED = 5,
  PENDING = 6,
  SUSPENDED = 7,
  STALLED = 8,
}

/** durabletask's OrchestrationStatus: the same numbers. */
export type OrchestrationStatus = number;

/** Throws for a number that is not a status. */
export function fromOrchestrationStatus(val: OrchestrationStatus): WorkflowRuntimeStatus {
  if (WorkflowRuntimeStatus[val] === undefined) {
    throw new Error(`Unknown orchestration status: ${val}. Known are 0 to 8.`);
  }
  return val;
}

/** Throws for a number that is not a status. */
export function toOrchestrationStatus(val: WorkflowRuntimeStatus): OrchestrationStatus {
  return fromOrchestrationStatus(val);
}

export function fromWireStatus(status: RuntimeStatus): WorkflowRuntimeStatus {
  return WorkflowRuntimeStatus[status];
}
