// What authors import in a Worker.

import { env } from "cloudflare:workers";
import { setBindings } from "./authoring/http-endpoint.ts";

export { StateStore } from "./authoring/state-store.ts";
export * from "./client.ts";
export { createWorker, type WorkerEnv, type WorkerOptions, type WorkflowWorker } from "./create-worker.ts";
export type { InstanceLimits } from "./instance/limits.ts";
export type { WorkflowInstanceClass } from "./instance/workflow-instance.ts";
export type { TelemetryOptions } from "./telemetry/options.ts";
export type { OtlpOptions } from "./telemetry/otlp.ts";
export type { WebhookOptions } from "./webhooks/options.ts";

// A client that is given the `fetch` of a binding finds the binding with it.
setBindings(env);
