// What authors import in a Worker.

export { StateStore } from "./authoring/state-store.ts";
export * from "./client.ts";
export { createWorker, type WorkerEnv, type WorkerOptions, type WorkflowWorker } from "./create-worker.ts";
export type { InstanceLimits } from "./instance/limits.ts";
export type { WorkflowInstanceClass } from "./instance/workflow-instance.ts";
