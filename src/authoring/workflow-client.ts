import type {
  EventDeclaration,
  QueryDeclaration,
  UpdateDeclaration,
  WorkflowDeclaration,
} from "../engine/declarations.ts";
import { encodePayload } from "../engine/payload.ts";
import { nameOf, type TWorkflow } from "../engine/registry.ts";
import type { HistoryEvent } from "../model/history-event.ts";
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

/** The workflow has ended, and not by completing; `state` tells how. */
export class WorkflowFailedError extends Error {
  override readonly name = "WorkflowFailedError";
  readonly state: WorkflowState;

  constructor(state: WorkflowState) {
    const reason = state.workflowFailureDetails?.getErrorMessage();
    super(
      `Workflow instance '${state.instanceId}' is ${WorkflowRuntimeStatus[state.runtimeStatus]}` +
        (reason === undefined ? "" : `: ${reason}`),
    );
    this.state = state;
  }
}

export interface UpdateOptions {
  /** Names this update: sent twice, it counts once. Default: a random UUID. */
  readonly updateId?: string;
  /** Default 60. */
  readonly timeoutInSeconds?: number;
}

/**
 * Starts and manages instances (Dapr JS: DaprWorkflowClient), over the HTTP API: from Node, a browser or another
 * Worker with `daprHost`, `daprPort` and `daprApiToken`; inside the Worker that holds the workflows, without options or with a loopback
 * address (there is no sidecar).
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
  async scheduleNewWorkflow<TInput, TOutput>(
    workflow: WorkflowDeclaration<TInput, TOutput>,
    input: TInput,
    instanceId?: string,
    startAt?: Date,
  ): Promise<string>;
  async scheduleNewWorkflow(
    workflow: TWorkflow | string,
    input?: unknown,
    instanceId?: string,
    startAt?: Date,
  ): Promise<string>;
  async scheduleNewWorkflow(
    workflow: TWorkflow | string | { readonly name: string },
    input?: unknown,
    instanceId?: string,
    startAt?: Date,
  ): Promise<string> {
    const query = new URLSearchParams();
    query.set("instanceID", instanceId ?? crypto.randomUUID());
    if (startAt !== undefined) query.set("startTime", startAt.toISOString());
    const body = await this.#call("POST", `${segment(nameOf(workflow))}/start?${query}`, encodePayload(input));
    return (body as { instanceID: string }).instanceID;
  }

  /** Ends an instance and its children. `output` (any JSON value) becomes its output. */
  async terminateWorkflow(workflowInstanceId: string, output: unknown): Promise<void> {
    await this.#call("POST", `${segment(workflowInstanceId)}/terminate`, JSON.stringify({ output: output ?? null }));
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

  /** Resolves once the instance is COMPLETED, FAILED, CANCELED or TERMINATED. Rejects with TimeoutError after `timeoutInSeconds`. */
  async waitForWorkflowCompletion(
    workflowInstanceId: string,
    fetchPayloads = true,
    timeoutInSeconds = 60,
  ): Promise<WorkflowState | undefined> {
    return this.#waitFor("completed", workflowInstanceId, fetchPayloads, timeoutInSeconds);
  }

  /**
   * The result of a workflow, with its type. Rejects with WorkflowFailedError when it has not COMPLETED, with TimeoutError
   * when it has not ended in time, and with an Error when there is no such instance.
   *
   *     const receipt = await client.waitForWorkflowResult(order, id, 30);
   */
  async waitForWorkflowResult<TInput, TOutput>(
    _workflow: WorkflowDeclaration<TInput, TOutput>,
    workflowInstanceId: string,
    timeoutInSeconds = 60,
  ): Promise<TOutput> {
    const state = await this.waitForWorkflowCompletion(workflowInstanceId, true, timeoutInSeconds);
    if (state === undefined) throw new Error(`There is no workflow instance '${workflowInstanceId}'`);
    if (state.runtimeStatus !== WorkflowRuntimeStatus.COMPLETED) throw new WorkflowFailedError(state);
    return (state.serializedOutput === undefined ? undefined : JSON.parse(state.serializedOutput)) as TOutput;
  }

  /**
   * Asks a workflow to end, and its children: their code gets a WorkflowCanceledError where it waits, and may clean up in
   * `catch` and `finally`. It is CANCELED when it lets the error through. For the hard way, see terminateWorkflow.
   *
   *     await client.cancelWorkflow("order-1", "the customer changed their mind");
   */
  async cancelWorkflow(workflowInstanceId: string, reason?: string): Promise<void> {
    await this.#call("POST", `${segment(workflowInstanceId)}/cancel`, JSON.stringify({ reason }));
  }

  /**
   * Asks the workflow's code, while it runs and after its end; changes nothing. Rejects with ERR_WORKFLOW_QUERY_NOT_FOUND when
   * it has no such query, and with ERR_QUERY_WORKFLOW when the handler throws, when the workflow is stalled, or when its code
   * is at work or has not begun: ask again.
   *
   *     const items = await client.queryWorkflow("cart-1", "items");
   */
  async queryWorkflow<TInput, TResult>(
    workflowInstanceId: string,
    query: QueryDeclaration<TInput, TResult>,
    input: TInput,
  ): Promise<TResult>;
  // biome-ignore lint/suspicious/noExplicitAny: without a declaration, the result is what the workflow gives
  async queryWorkflow(workflowInstanceId: string, query: string, input?: unknown): Promise<any>;
  async queryWorkflow(
    workflowInstanceId: string,
    query: string | { readonly name: string },
    input?: unknown,
  ): Promise<unknown> {
    const encoded = encodePayload(input);
    const search = encoded === undefined ? "" : `?${new URLSearchParams({ input: encoded })}`;
    const path = `${segment(workflowInstanceId)}/query/${segment(nameOf(query))}${search}`;
    return this.#found(workflowInstanceId, await this.#call("GET", path));
  }

  /**
   * Changes a running workflow and resolves with the result of its update handler. It counts once for each `updateId`, a
   * random UUID unless one is given: repeat the call with the same one to hear the result of an update that was accepted.
   * Rejects with ERR_WORKFLOW_UPDATE_REJECTED when the workflow refuses it, with ERR_UPDATE_WORKFLOW when the handler
   * failed or the workflow has ended, and with TimeoutError when it has not ended in time; it is accepted then.
   *
   *     const count = await client.updateWorkflow("cart-1", "add", "pen", { updateId: requestId });
   */
  async updateWorkflow<TInput, TResult>(
    workflowInstanceId: string,
    update: UpdateDeclaration<TInput, TResult>,
    input: TInput,
    options?: UpdateOptions,
  ): Promise<TResult>;
  async updateWorkflow(
    workflowInstanceId: string,
    update: string,
    input?: unknown,
    options?: UpdateOptions,
    // biome-ignore lint/suspicious/noExplicitAny: without a declaration, the result is what the workflow gives
  ): Promise<any>;
  async updateWorkflow(
    workflowInstanceId: string,
    update: string | { readonly name: string },
    input?: unknown,
    { updateId = crypto.randomUUID(), timeoutInSeconds = 60 }: UpdateOptions = {},
  ): Promise<unknown> {
    const deadlineMs = Date.now() + timeoutInSeconds * 1000;
    const path = `${segment(workflowInstanceId)}/update/${segment(nameOf(update))}`;
    for (;;) {
      const leftMs = Math.max(0, deadlineMs - Date.now());
      const timeoutSeconds = String(Math.ceil(Math.min(leftMs, MAX_POLL_SECONDS * 1000)) / 1000);
      const search = new URLSearchParams({ updateID: updateId, timeoutSeconds });
      const { status, body } = await this.#send("POST", `${path}?${search}`, encodePayload(input ?? null));
      if (status !== 202) return this.#found(workflowInstanceId, body);
      if (Date.now() >= deadlineMs) throw new TimeoutError();
    }
  }

  /**
   * The events of the instance's current execution, in order. `undefined` when there is no such instance. Read in pages of 1,000:
   * one that continues as new meanwhile gives the rest of its new execution.
   */
  async getWorkflowHistory(workflowInstanceId: string): Promise<HistoryEvent[] | undefined> {
    const events: HistoryEvent[] = [];
    let search = "";
    for (;;) {
      const page = await this.#call("GET", `${segment(workflowInstanceId)}/history${search}`);
      if (page === undefined) return undefined;
      const { events: more, continuationToken } = page as { events: HistoryEvent[]; continuationToken?: string };
      events.push(...more);
      if (continuationToken === undefined) return events;
      search = `?continuationToken=${continuationToken}`;
    }
  }

  #found(instanceId: string, body: unknown): unknown {
    if (body !== undefined) return body;
    const message = `unable to find workflow with the provided instance ID: ${instanceId}`;
    throw new WorkflowApiError(404, "ERR_INSTANCE_ID_NOT_FOUND", message);
  }

  /** Delivers an event. Once this resolves, the event is stored, whether or not the workflow waits for it yet. */
  async raiseEvent<TPayload>(
    workflowInstanceId: string,
    event: EventDeclaration<TPayload>,
    eventPayload: TPayload,
  ): Promise<void>;
  async raiseEvent(workflowInstanceId: string, eventName: string, eventPayload?: unknown): Promise<void>;
  async raiseEvent(
    workflowInstanceId: string,
    event: string | { readonly name: string },
    eventPayload?: unknown,
  ): Promise<void> {
    const path = `${segment(workflowInstanceId)}/raiseEvent/${segment(nameOf(event))}`;
    await this.#call("POST", path, encodePayload(eventPayload ?? null));
  }

  /**
   * Removes an ended instance with its children. False when there was none; rejects when it has not ended, unless `force`
   * is set: then it is stopped where it is, without a chance to clean up, and a stalled one too. A forced one that rejects is
   * to be sent again: children that it has reached are gone.
   */
  async purgeWorkflow(workflowInstanceId: string, { force = false } = {}): Promise<boolean> {
    const path = `${segment(workflowInstanceId)}/purge${force ? "?force=true" : ""}`;
    return (await this.#call("POST", path)) !== undefined;
  }

  /** Holds the workflow's code; what comes meanwhile is kept, timers go on, activities that run end. */
  async suspendWorkflow(workflowInstanceId: string): Promise<void> {
    await this.#call("POST", `${segment(workflowInstanceId)}/pause`);
  }

  /** What has come meanwhile is delivered in order. */
  async resumeWorkflow(workflowInstanceId: string): Promise<void> {
    await this.#call("POST", `${segment(workflowInstanceId)}/resume`);
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
    const wire = await this.#call("GET", `${segment(instanceId)}?fetchPayloads=${fetchPayloads}${query}`);
    return wire === undefined ? undefined : new WorkflowState(wire as WireState);
  }

  /** The answer's JSON; `undefined` when the instance does not exist. */
  async #call(method: "GET" | "POST", path: string, body?: string): Promise<unknown> {
    return (await this.#send(method, path, body)).body;
  }

  async #send(method: "GET" | "POST", path: string, body?: string): Promise<{ status: number; body: unknown }> {
    // Resolved late: a client may be constructed at module level, before the Worker is.
    const endpoint: Endpoint = resolveEndpoint(this.#options);
    const init: RequestInit = { method, headers: endpoint.headers };
    if (body !== undefined) init.body = body;
    const response = await endpoint.fetch(new Request(`${endpoint.url}/v1.0/workflows/dapr/${path}`, init));
    const text = await response.text();
    const { status } = response;
    if (response.ok) return { status, body: text === "" ? {} : JSON.parse(text) };
    const error = parseError(text);
    if (status === 404 && error.errorCode === "ERR_INSTANCE_ID_NOT_FOUND") return { status, body: undefined };
    throw new WorkflowApiError(status, error.errorCode, error.message);
  }
}

/** A part of a path. An empty one, or dots, would make it the path of another instance, or of another operation. */
function segment(text: string): string {
  if (text !== undefined && !["", ".", ".."].includes(text)) return encodeURIComponent(text);
  throw new TypeError(
    `Instances, workflows, events, queries and updates have names that a URL can hold, found ${JSON.stringify(text)}`,
  );
}

function hasReached(until: "started" | "completed", state: WorkflowState): boolean {
  const { runtimeStatus } = state;
  if (until === "started") return runtimeStatus !== WorkflowRuntimeStatus.PENDING;
  return (
    runtimeStatus === WorkflowRuntimeStatus.COMPLETED ||
    runtimeStatus === WorkflowRuntimeStatus.FAILED ||
    runtimeStatus === WorkflowRuntimeStatus.CANCELED ||
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
