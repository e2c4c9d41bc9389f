// What works anywhere: the whole of the library but the Worker itself. Node and browsers get this file in place of
// index.ts (package.json, "exports"), because they do not have `cloudflare:workers`.
export { fromOrchestrationStatus, toOrchestrationStatus, WorkflowRuntimeStatus } from "./authoring/runtime-status.ts";
export { DaprWorkflowClient, TimeoutError, WorkflowApiError } from "./authoring/workflow-client.ts";
export { type WorkflowClientOptions, WorkflowRuntime } from "./authoring/workflow-runtime.ts";
export { WorkflowFailureDetails, WorkflowState } from "./authoring/workflow-state.ts";
export { WorkflowActivityContext } from "./engine/activity-context.ts";
export { NonDeterminismError, TaskFailedError } from "./engine/errors.ts";
export type { TWorkflow, TWorkflowActivity } from "./engine/registry.ts";
export { Task } from "./engine/task.ts";
export { WorkflowContext } from "./engine/workflow-context.ts";
