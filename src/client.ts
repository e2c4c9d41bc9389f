// What works anywhere: the whole of the library but the Worker itself. Node and browsers get this file in place of
// index.ts (package.json, "exports"), because they do not have `cloudflare:workers`.
export type {
  BulkJob,
  BulkJobOptions,
  BulkJobPage,
  BulkJobPageOptions,
  BulkJobPreview,
  BulkOperation,
} from "./authoring/bulk-jobs.ts";
export type { CatalogHealth, CatalogRebuilt, CatalogShardHealth, RebuildOptions } from "./authoring/catalog-health.ts";
export type {
  BackfillOptions,
  NewScheduleOptions,
  ScheduleChanges,
  SchedulePageOptions,
  TriggerOptions,
} from "./authoring/client/schedule-options.ts";
export { TimeoutError, WorkflowApiError, WorkflowFailedError } from "./authoring/client-errors.ts";
export type {
  HistoryPageOptions,
  HistorySearchOptions,
  PurgeOptions,
  RaiseOptions,
  RepairOptions,
  RerunOptions,
  RestartOptions,
  RunOptions,
  ScheduleOptions,
  TerminateOptions,
  TimelinePageOptions,
  UpdateOptions,
  WatchOptions,
} from "./authoring/client-options.ts";
export type { WatchedEvent } from "./authoring/client-watch.ts";
export type { WorkflowClientOptions } from "./authoring/connection-options.ts";
export type { Definitions, RegisteredWorkflow } from "./authoring/definitions.ts";
export type { LimitListOptions, WorkflowLimit } from "./authoring/limit-list.ts";
export type { LimitOptions } from "./authoring/limit-options.ts";
export { fromOrchestrationStatus, toOrchestrationStatus, WorkflowRuntimeStatus } from "./authoring/runtime-status.ts";
export { CompensationError, Saga } from "./authoring/saga.ts";
export type {
  ScheduleFire,
  ScheduleOverlap,
  SchedulePage,
  ScheduleTimes,
  WorkflowSchedule,
} from "./authoring/schedules.ts";
export { DaprWorkflowClient } from "./authoring/workflow-client.ts";
export {
  type OpenBranch,
  type OpenChild,
  type OpenTimer,
  type PendingActivity,
  WorkflowDescription,
  type WorkflowDetail,
} from "./authoring/workflow-description.ts";
export type { ChangesOptions, CountKey, ListOptions, StatusLike, WorkflowFilter } from "./authoring/workflow-filter.ts";
export type { HistoryPage } from "./authoring/workflow-history.ts";
export {
  type WorkflowChange,
  type WorkflowChanges,
  type WorkflowCount,
  type WorkflowCounts,
  WorkflowList,
  type WorkflowPage,
  WorkflowSummary,
} from "./authoring/workflow-list.ts";
export { type DeclaredWorkflow, WorkflowRuntime } from "./authoring/workflow-runtime.ts";
export { WorkflowFailureDetails, WorkflowState } from "./authoring/workflow-state.ts";
export type { TimelineAttempt, TimelineBar, TimelinePage } from "./authoring/workflow-timeline.ts";
export { type TWorkflowActivity, WorkflowActivityContext } from "./engine/activity-context.ts";
export { BranchTask } from "./engine/branch-task.ts";
export type {
  ActivityOptions,
  BranchOptions,
  ChildWorkflowOptions,
  ContinueAsNewOptions,
  DetachedWorkflowOptions,
  EventWaitOptions,
  UpdateHandlerOptions,
} from "./engine/call-options.ts";
export { ChildTask } from "./engine/child-task.ts";
export { CancelableTask } from "./engine/completable-task.ts";
export * from "./engine/declarations.ts";
export {
  NonDeterminismError,
  NonRetriableError,
  TaskCanceledError,
  TaskFailedError,
  TaskTimeoutError,
  WorkflowCanceledError,
} from "./engine/errors.ts";
export type { PayloadConverter } from "./engine/payload.ts";
export type { RetryContext, RetryHandler, RetryPolicy } from "./engine/retry.ts";
export { type Branchable, Task } from "./engine/task.ts";
export { type TWorkflow, WorkflowContext } from "./engine/workflow-context.ts";
export type { FailureDetails } from "./model/failure.ts";
export type { HistoryEvent } from "./model/history-event.ts";
export type { AttributeChanges, SearchAttribute, SearchAttributes } from "./model/search-attributes.ts";
export type { BarKind as TimelineKind, BarStatus as TimelineStatus } from "./model/timeline.ts";
