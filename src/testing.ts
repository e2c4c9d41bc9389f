// What tests of workflows import: `edge-workflows/testing`. Runs in plain Node, in vitest for instance, without workerd.
export type { ActivityCallRecord } from "./testing/activity-double.ts";
export { type ExportedHistory, type TestEnvironmentOptions, WorkflowTestEnvironment } from "./testing/environment.ts";
export { ReplayError, type ReplayResult, replayHistory } from "./testing/replay.ts";
export { NothingWillHappenError } from "./testing/virtual-time.ts";
