import { jsonPayloads } from "../../engine/payload.ts";
import { aString, readArgument } from "../../model/options.ts";
import { type EndpointOptions, resolveEndpoint, sendTo } from "../http-endpoint.ts";
import { segment } from "../workflow-api.ts";
import { readRaise, readStart } from "./dapr-options.ts";

/** The answer of GET, with its times as dates. `runtimeStatus` is Dapr's text, for instance "RUNNING". */
export interface WorkflowGetResponseType {
  instanceID: string;
  workflowName: string;
  createdAt: Date;
  lastUpdatedAt: Date;
  runtimeStatus: string;
  properties: Record<string, string>;
}

/** A required argument was empty (Dapr JS: PropertyRequiredError). */
export class PropertyRequiredError extends Error {
  override readonly name = "PropertyRequiredError";
  readonly propertyName: string;
  constructor(propertyName: string) {
    super(`${propertyName} is required`);
    this.propertyName = propertyName;
  }
}

/**
 * `DaprClient.workflow`, over the HTTP API. As in Dapr's, a string is sent as it is: `'{"n":1}'` reaches the workflow as an
 * object, `"5"` as a number, what is no JSON as text. Other than Dapr's, it passes on the inputs 0, false, null and "" too.
 * Rejects as Dapr's does: with an Error whose message is JSON of the server's answer and status.
 */
export class DaprWorkflow {
  readonly #options: EndpointOptions;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  async getWorkflowState(instanceId: string): Promise<WorkflowGetResponseType> {
    required({ instanceID: instanceId });
    const state = (await this.#call("GET", segment(instanceId))) as Record<string, unknown>;
    return {
      instanceID: state.instanceID as string,
      workflowName: state.workflowName as string,
      createdAt: new Date(state.createdAt as string),
      lastUpdatedAt: new Date(state.lastUpdatedAt as string),
      runtimeStatus: state.runtimeStatus as string,
      properties: state.properties as Record<string, string>,
    };
  }

  /** Resolves with the instance's ID, a random UUID unless one is given. */
  async scheduleNewWorkflow(
    workflowName: string,
    input?: unknown,
    instanceId?: string | null,
    options?: { contentType?: string } | null,
  ): Promise<string> {
    required({ workflowName });
    const { contentType } = readStart(options, workflowName);
    const id =
      readArgument(aString, instanceId, "instanceId", "scheduleNewWorkflow", workflowName) || crypto.randomUUID();
    const search = new URLSearchParams({ instanceID: id });
    await this.#call(
      "POST",
      `${segment(workflowName)}/start?${search}`,
      bodyOf(input, "input", "workflow", workflowName, contentType),
    );
    return id;
  }

  async raiseEvent(
    instanceId: string,
    eventName: string,
    eventData?: unknown,
    options?: { eventContentType?: string } | null,
  ): Promise<void> {
    required({ instanceID: instanceId, eventName });
    const { eventContentType } = readRaise(options, eventName);
    const path = `${segment(instanceId)}/raiseEvent/${segment(eventName)}`;
    await this.#call("POST", path, bodyOf(eventData, "payload", "event", eventName, eventContentType));
  }

  terminate(instanceId: string): Promise<void> {
    return this.#operate(instanceId, "terminate");
  }
  pause(instanceId: string): Promise<void> {
    return this.#operate(instanceId, "pause");
  }
  resume(instanceId: string): Promise<void> {
    return this.#operate(instanceId, "resume");
  }
  purge(instanceId: string): Promise<void> {
    return this.#operate(instanceId, "purge");
  }

  /** @deprecated The former name of getWorkflowState. */
  get(instanceId: string): Promise<WorkflowGetResponseType> {
    return this.getWorkflowState(instanceId);
  }
  /** @deprecated The former name of scheduleNewWorkflow. */
  start(
    workflowName: string,
    input?: unknown,
    instanceId?: string | null,
    options?: { contentType?: string } | null,
  ): Promise<string> {
    return this.scheduleNewWorkflow(workflowName, input, instanceId, options);
  }
  /** @deprecated The former name of raiseEvent. */
  raise(
    instanceId: string,
    eventName: string,
    eventData?: unknown,
    options?: { eventContentType?: string } | null,
  ): Promise<void> {
    return this.raiseEvent(instanceId, eventName, eventData, options);
  }

  async #operate(instanceId: string, operation: string): Promise<void> {
    required({ instanceID: instanceId });
    await this.#call("POST", `${segment(instanceId)}/${operation}`);
  }

  async #call(method: string, path: string, body?: string | Uint8Array): Promise<unknown> {
    const endpoint = resolveEndpoint(this.#options);
    const url = `${endpoint.url}/v1.0-beta1/workflows/dapr/${path}`;
    const response = await sendTo(endpoint, url, { method, ...(body !== undefined && { body }) });
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : JSON.parse(text);
    const { statusText: error, status } = response;
    throw new Error(JSON.stringify({ error, error_msg: text, status }));
  }
}

/** An empty string would be no body at all, so it goes as JSON, like what is no string. */
function bodyOf(
  value: unknown,
  root: string,
  kind: string,
  name: string,
  contentType?: string,
): string | Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const asItIs = typeof value === "string" && value !== "" && !contentType?.startsWith("application/json");
  return asItIs ? value : jsonPayloads.encode(value, root, kind, name);
}

function required(properties: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(properties)) if (!value) throw new PropertyRequiredError(name);
}
