import { Payloads } from "../../engine/payload.ts";
import type { Given } from "../../model/options.ts";
import { readConnection, type WorkflowClientOptions } from "../connection-options.ts";
import { WorkflowApi } from "../workflow-api.ts";

/** What the methods of the client have in common. */
export interface ClientConnection {
  readonly api: WorkflowApi;
  readonly jobs: WorkflowApi;
  readonly catalog: WorkflowApi;
  readonly definitions: WorkflowApi;
  readonly schedules: WorkflowApi;
  readonly limits: WorkflowApi;
  readonly payloads: Payloads;
}

export function connect(options: Given<WorkflowClientOptions> | null | undefined): ClientConnection {
  const read = readConnection<WorkflowClientOptions>(options, "DaprWorkflowClient");
  return {
    api: new WorkflowApi(read),
    jobs: new WorkflowApi(read, "workflow-jobs"),
    catalog: new WorkflowApi(read, "workflow-catalog"),
    definitions: new WorkflowApi(read, "workflow-definitions"),
    schedules: new WorkflowApi(read, "workflow-schedules"),
    limits: new WorkflowApi(read, "workflow-limits"),
    payloads: new Payloads(read.payloadConverter),
  };
}
