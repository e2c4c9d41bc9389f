import { encodePayload } from "../engine/payload.ts";
import { nameOf, type TWorkflow } from "../engine/registry.ts";
import { type Endpoint, resolveEndpoint } from "./http-endpoint.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import type { WorkflowClientOptions } from "./workflow-runtime.ts";
import { type WireState, WorkflowState } from "./workflow-state.ts";

/** The longest that one request waits for a state; longer waits take several. */
const MAX_POLL_SECONDS = 30;
/** Between two requests to a server that does not wait: Dapr's own ignores `waitFor`. */
const POLL_PAUSE_MS = 200;

/** A wait took longer than its timeout. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  constructor() {
    super("TimeoutError");
  }
}

/** The server has refused a request. `errorCode` is Dapr's, for instance `ERR_START_WORKFLOW`. */
export class WorkflowApiError extends Error {
  override readonly name = "WorkflowApiError";
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/**
 * Starts and manages instances (Dapr JS: DaprWorkflowClient), over the HTTP API: from Node, a browser or another
 * Worker with `daprHost`, `daprPort` and `daprApiToken`; inside the Worker that holds the workflows, without options.
 * Methods reject with WorkflowApiError when the server refuses, and with what `fetch` throws when it is not reached.
 */
export class DaprWorkflowClient {
  readonly #options: Partial<WorkflowClientOptions>;

  constructor(options: Partial<WorkflowClientOptions> = {}) {
    this.#options = options;
  }

  /**
   * Starts an instance and resolves with its ID, a random UUID unless one is given. With `startAt` it is PENDING until
   * then. Rejects with ERR_START_WORKFLOW when an instance with this ID has not ended.
   */
  async scheduleNewWorkflow(
    workflow: TWorkflow | string,
    input?: unknown,
    instanceId?: string,
    startAt?: Date,
  ): Promise<string> {
    const query = new URLSearchParams();
    query.set("instanceID", instanceId ?? crypto.randomUUID());
    if (startAt !== undefined) query.set("startTime", startAt.toISOString());
    const body = await this.#call(
      "POST",
      `${encodeURIComponent(nameOf(workflow))}/start?${query}`,
      encodePayload(input),
    );
    return (body as { instanceID: string }).instanceID;
  }

  /** Ends an instance and its children. `output` (any JSON value) becomes its output. */
  async terminateWorkflow(workflowInstanceId: string, output: unknown): Promise<void> {
    await this.#call(
      "POST",
      `${encodeURIComponent(workflowInstanceId)}/terminate`,
      JSON.stringify({ output: output ?? null }),
    );
  }

  /** `undefined` when there is no such instance. */
  async getWorkflowState(workflowInstanceId: string, getInputsAndOutputs: boolean): Promise<WorkflowState | undefined> {
    return this.#get(workflowInstanceId, getInputsAndOutputs, "");
  }

  /** Resolves once the instance is no longer PENDING. Rejects with TimeoutError after `timeoutInSeconds`. */
  async waitForWorkflowStart(
    workflowInstanceId: string,
    fetchPayloads = true,
    timeoutInSeconds = 60,
  ): Promise<WorkflowState | undefined> {
    return this.#waitFor("started", workflowInstanceId, fetchPayloads, timeoutInSeconds);
  }

  /** Resolves once the instance is COMPLETED, FAILED or TERMINATED. Rejects with TimeoutError after `timeoutInSeconds`. */
  async waitForWorkflowCompletion(
    workflowInstanceId: string,
    fetchPayloads = true,
    timeoutInSeconds = 60,
  ): Promise<WorkflowState | undefined> {
    return this.#waitFor("completed", workflowInstanceId, fetchPayloads, timeoutInSeconds);
  }

  /** Delivers an event. Once this resolves, the event is stored, whether or not the workflow waits for it yet. */
  async raiseEvent(workflowInstanceId: string, eventName: string, eventPayload?: unknown): Promise<void> {
    const path = `${encodeURIComponent(workflowInstanceId)}/raiseEvent/${encodeURIComponent(eventName)}`;
    await this.#call("POST", path, encodePayload(eventPayload ?? null));
  }

  /** Removes an ended instance with its children. False when there was none; rejects when it has not ended. */
  async purgeWorkflow(workflowInstanceId: string): Promise<boolean> {
    return (await this.#call("POST", `${encodeURIComponent(workflowInstanceId)}/purge`)) !== undefined;
  }

  async suspendWorkflow(workflowInstanceId: string): Promise<void> {
    await this.#call("POST", `${encodeURIComponent(workflowInstanceId)}/pause`);
  }

  async resumeWorkflow(workflowInstanceId: string): Promise<void> {
    await this.#call("POST", `${encodeURIComponent(workflowInstanceId)}/resume`);
  }

  /** Nothing has to be stopped: there is no connection. */
  async stop(): Promise<void> {}

  async #waitFor(
    until: "started" | "completed",
    instanceId: string,
    fetchPayloads: boolean,
    timeoutInSeconds: number,
  ): Promise<WorkflowState | undefined> {
    const deadlineMs = Date.now() + timeoutInSeconds * 1000;
    for (;;) {
      const leftMs = deadlineMs - Date.now();
      const timeoutSeconds = Math.ceil(Math.min(Math.max(leftMs, 0), MAX_POLL_SECONDS * 1000)) / 1000;
      const state = await this.#get(instanceId, fetchPayloads, `&waitFor=${until}&timeoutSeconds=${timeoutSeconds}`);
      if (state === undefined || hasReached(until, state)) return state;
      if (Date.now() >= deadlineMs) throw new TimeoutError();
      await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_PAUSE_MS, deadlineMs - Date.now())));
    }
  }

  async #get(instanceId: string, fetchPayloads: boolean, query: string): Promise<WorkflowState | undefined> {
    const wire = await this.#call("GET", `${encodeURIComponent(instanceId)}?fetchPayloads=${fetchPayloads}${query}`);
    return wire === undefined ? undefined : new WorkflowState(wire as WireState);
  }

  /** The answer's JSON; `undefined` when the instance does not exist. */
  async #call(method: "GET" | "POST", path: string, body?: string): Promise<unknown> {
    // Resolved late: a client may be constructed at module level, before the Worker is.
    const endpoint: Endpoint = resolveEndpoint(this.#options);
    const init: RequestInit = { method, headers: endpoint.headers };
    if (body !== undefined) init.body = body;
    const response = await endpoint.fetch(new Request(`${endpoint.url}/v1.0/workflows/dapr/${path}`, init));
    const text = await response.text();
    if (response.ok) return text === "" ? {} : JSON.parse(text);
    const error = parseError(text);
    if (response.status === 404 && error.errorCode === "ERR_INSTANCE_ID_NOT_FOUND") return undefined;
    throw new WorkflowApiError(response.status, error.errorCode, error.message);
  }
}

function hasReached(until: "started" | "completed", state: WorkflowState): boolean {
  const { runtimeStatus } = state;
  if (until === "started") return runtimeStatus !== WorkflowRuntimeStatus.PENDING;
  return (
    runtimeStatus === WorkflowRuntimeStatus.COMPLETED ||
    runtimeStatus === WorkflowRuntimeStatus.FAILED ||
    runtimeStatus === WorkflowRuntimeStatus.TERMINATED
  );
}

function parseError(text: string): { errorCode: string; message: string } {
  try {
    const { errorCode, message } = JSON.parse(text);
    return { errorCode: String(errorCode), message: String(message) };
  } catch {
    return { errorCode: "ERROR", message: text };
  }
}
