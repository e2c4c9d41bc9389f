import type { InstanceDescription } from "../instance/protocol.ts";
import type { FailureDetails } from "../model/failure.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { formatTime } from "../model/time.ts";

/** Go's zero time, which Dapr prints for an instance that has not run yet. */
const ZERO_TIME = "0001-01-01T00:00:00Z";

/**
 * The answer of GET in Dapr's form (Dapr HEAD, protojson of GetWorkflowResponse): fields that have their zero value are
 * left out. `failure` is ours: Dapr's properties have no room for what is within a failure. Of a PENDING instance Dapr knows neither name nor times nor properties, because all of them come from the
 * history that its first turn writes.
 */
export function toDaprState(state: InstanceDescription): object {
  const { instanceId: instanceID, status: runtimeStatus } = state;
  if (runtimeStatus === "PENDING") return { instanceID, createdAt: ZERO_TIME, lastUpdatedAt: ZERO_TIME, runtimeStatus };
  return stateForm(state);
}

/** The same, as it is of all but those that are PENDING. */
export function stateForm(state: InstanceDescription): object {
  const { instanceId: instanceID, status: runtimeStatus } = state;
  return {
    instanceID,
    workflowName: state.name || undefined,
    createdAt: formatTime(state.createdAtMs),
    lastUpdatedAt: formatTime(state.lastUpdatedAtMs),
    runtimeStatus,
    properties: properties(state),
    failure: state.failure,
  };
}

const SEED_STATUS: Record<RuntimeStatus, string> = {
  PENDING: "Pending",
  RUNNING: "Running",
  SUSPENDED: "Suspended",
  STALLED: "Stalled",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELED: "Canceled",
  TERMINATED: "Terminated",
};

/** The answer of the seed's GET: its example's fields, and beside them the metadata that Dapr 1.10 gave under the same key. */
export function toSeedState(state: InstanceDescription, component: string): object {
  return {
    WFInfo: { instance_id: state.instanceId },
    start_time: formatSeconds(state.createdAtMs),
    metadata: {
      status: SEED_STATUS[state.status],
      task_queue: component,
      "dapr.workflow.name": state.name,
      "dapr.workflow.runtime_status": state.status,
      "dapr.workflow.last_updated": formatSeconds(state.lastUpdatedAtMs),
      ...properties({ ...state, failure: withoutStack(state.failure) }),
    },
  };
}

/** Dapr 1.10 gave no stack trace. */
function withoutStack(failure: FailureDetails | undefined): FailureDetails | undefined {
  return failure && { errorType: failure.errorType, message: failure.message };
}

/** Input and output are there only if the instance has them; JSON leaves out what is undefined. */
function properties({ input, output, customStatus, failure }: InstanceDescription): Record<string, string | undefined> {
  return {
    "dapr.workflow.input": input,
    "dapr.workflow.output": output,
    "dapr.workflow.custom_status": customStatus ?? "",
    "dapr.workflow.failure.error_type": failure?.errorType,
    "dapr.workflow.failure.error_message": failure?.message,
    "dapr.workflow.failure.stack_trace": failure?.stackTrace,
  };
}

function formatSeconds(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
