import type { EventDeclaration, QueryDeclaration, UpdateDeclaration } from "../engine/declarations.ts";
import { nameOf } from "../engine/names.ts";
import { Payloads } from "../engine/payload.ts";
import type { InputOf, OutputOfWorkflow } from "../engine/signatures.ts";
import type { AnyWorkflow } from "../engine/workflow-context.ts";
import type { HistoryEvent } from "../model/history-event.ts";
import { aDate, aString, type Given, readArgument, readOptions } from "../model/options.ts";
import {
  type BulkJob,
  type BulkJobOptions,
  type BulkJobPage,
  type BulkJobPageOptions,
  type BulkJobPreview,
  bulkJobOptions,
  bulkJobPageOptions,
  jobBodyOf,
  jobIdIn,
  jobOf,
  jobPageOf,
  previewOf,
} from "./bulk-jobs.ts";
import { WorkflowFailedError } from "./client-errors.ts";
import {
  type HistoryPageOptions,
  historyPageOptions,
  type InputAndRun,
  type InputAndStart,
  type PurgeOptions,
  payloadsOf,
  purgeOptions,
  type RaiseOptions,
  type RepairOptions,
  type RerunOptions,
  type RestartOptions,
  type RunOptions,
  raiseOptions,
  repairOptions,
  rerunOptions,
  restartOptions,
  runOptions,
  type ScheduleOptions,
  scheduleOptions,
  type TerminateOptions,
  terminateOptions,
  timeoutOf,
  type UpdateOptions,
  updateOptions,
  type WatchOptions,
  watchOptions,
} from "./client-options.ts";
import { type Encoded, idIn, start, startAndWait } from "./client-starts.ts";
import { Deadline, stateOf, type WaitedFor, waitForState, waitForUpdate } from "./client-waits.ts";
import { type WatchedEvent, watch } from "./client-watch.ts";
import { readConnection, type WorkflowClientOptions } from "./connection-options.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import { ifThere, resultText, segment, WorkflowApi } from "./workflow-api.ts";
import { descriptionOf, type WorkflowDescription } from "./workflow-description.ts";
import {
  type CountKey,
  countByOf,
  filterOptions,
  type ListOptions,
  listOptions,
  queryOf,
  type WorkflowFilter,
} from "./workflow-filter.ts";
import { type HistoryPage, historyPage, wholeHistory } from "./workflow-history.ts";
import { countsOf, pageOf, type WorkflowCounts, WorkflowList } from "./workflow-list.ts";
import type { WorkflowState } from "./workflow-state.ts";

/**
 * Starts and manages instances (Dapr JS: DaprWorkflowClient), over the HTTP API: from Node, a browser or another
 * Worker with `daprHost`, `daprPort` and `daprApiToken`; inside the Worker that holds the workflows, without options or with a loopback
 * address (there is no sidecar). docs/client.md has every method.
 *
 * Methods reject with WorkflowApiError when the server refuses, and with what `fetch` throws when it is not reached. What
 * only reads (state, waits, history, queries) is asked again when its connection is lost; what changes something is sent once.
 */
export class DaprWorkflowClient {
  readonly #api: WorkflowApi;
  readonly #jobs: WorkflowApi;
  readonly #payloads: Payloads;

  constructor(options?: Given<WorkflowClientOptions> | null) {
    const read = readConnection<WorkflowClientOptions>(options, "DaprWorkflowClient");
    this.#payloads = new Payloads(read.payloadConverter);
    this.#api = new WorkflowApi(read);
    this.#jobs = new WorkflowApi(read, "workflow-jobs");
  }

  /**
   * Starts an instance and resolves with its ID, a random UUID unless one is given. With `startAt` it is PENDING until
   * then. Rejects with ERR_START_WORKFLOW when an instance with this ID has not ended.
   *
   *     await client.scheduleNewWorkflow(order, { item: "car" }, { instanceId: "order-1", startAt: tomorrow });
   */
  async scheduleNewWorkflow<W extends AnyWorkflow>(
    workflow: W,
    ...inputAndOptions: InputAndStart<InputOf<W>>
  ): Promise<string>;
  async scheduleNewWorkflow(
    workflow: AnyWorkflow,
    input?: unknown,
    instanceIdOrOptions?: string | ScheduleOptions | null,
    startAt?: Date | null,
  ): Promise<string> {
    const call = "scheduleNewWorkflow";
    const name = this.#api.workflowName(workflow);
    const options =
      typeof instanceIdOrOptions === "string"
        ? { instanceId: instanceIdOrOptions }
        : readOptions(scheduleOptions, instanceIdOrOptions, call, name);
    const lastArgument = readArgument(aDate, startAt, "startAt", call, name);
    const at = options.startAt ?? lastArgument;
    return start(this.#api, name, this.#encoded(name, input, options), { ...options, startAt: at ?? null });
  }

  /**
   * Starts an instance and waits for it in one request: resolves with its state once it has ended, or started with
   * `waitFor: "started"`. The start is sent once: with an ID of your own you find it again when the connection is lost.
   *
   *     const state = await client.runWorkflow(order, { item: "car" }, { instanceId: "order-1", timeoutInSeconds: 10 });
   */
  async runWorkflow<W extends AnyWorkflow>(
    workflow: W,
    ...inputAndOptions: InputAndRun<InputOf<W>>
  ): Promise<WorkflowState>;
  async runWorkflow(workflow: AnyWorkflow, input?: unknown, options?: RunOptions | null): Promise<WorkflowState> {
    const name = this.#api.workflowName(workflow);
    const read = readOptions(runOptions, options, "runWorkflow", name);
    return startAndWait(this.#api, name, this.#encoded(name, input, read), read);
  }

  #encoded(name: string, input: unknown, { raiseEvent, eventPayload }: ScheduleOptions): Encoded {
    const event = raiseEvent && this.#payloads.encode(eventPayload ?? null, "payload", "event", nameOf(raiseEvent));
    return { input: this.#payloads.encode(input, "input", "workflow", name), event: event || undefined };
  }

  /** Ends an instance and its children at once. `output` (any JSON value) becomes its output. Rejects with status 404 when there is none. */
  async terminateWorkflow(
    workflowInstanceId: string,
    output?: unknown,
    options?: TerminateOptions | null,
  ): Promise<void> {
    const { nonRecursive, reason } = readOptions(terminateOptions, options, "terminateWorkflow", workflowInstanceId);
    const encoded = this.#payloads.encode(output ?? null, "output", "terminateWorkflow", workflowInstanceId);
    const body = `{"output":${encoded ?? "null"}${reason == null ? "" : `,"reason":${JSON.stringify(reason)}`}}`;
    await this.#api.change(
      `${segment(workflowInstanceId)}/terminate`,
      { nonRecursive: nonRecursive || undefined },
      body,
    );
  }

  /** `undefined` when there is no such instance. */
  async getWorkflowState(
    workflowInstanceId: string,
    getInputsAndOutputs?: boolean | null,
  ): Promise<WorkflowState | undefined> {
    const fetchPayloads = payloadsOf(getInputsAndOutputs, "getWorkflowState", workflowInstanceId);
    return stateOf(await ifThere(this.#api.ask(segment(workflowInstanceId), { fetchPayloads })));
  }

  /**
   * The state of an instance and all else there is to tell of it, in `detail`: activities that are pending with their attempts, timers, children,
   * events it waits for, sizes, why it is stalled. `undefined` when there is no such instance. Its code may be replayed for that.
   *
   *     const { detail } = (await client.describeWorkflow("order-1")) ?? {};
   *     for (const { name, attempt, lastFailure, nextAttemptAt } of detail?.pendingActivities ?? []) …
   */
  async describeWorkflow(
    workflowInstanceId: string,
    getInputsAndOutputs?: boolean | null,
  ): Promise<WorkflowDescription | undefined> {
    const fetchPayloads = payloadsOf(getInputsAndOutputs, "describeWorkflow", workflowInstanceId);
    const answer = await ifThere(this.#api.ask(segment(workflowInstanceId), { detail: "full", fetchPayloads }));
    return answer && descriptionOf(answer);
  }

  /** Resolves once the instance is no longer PENDING; with `undefined` when there is none. Rejects with TimeoutError after `timeoutInSeconds`. */
  async waitForWorkflowStart(
    workflowInstanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = 60,
  ): Promise<WorkflowState | undefined> {
    return this.#waitFor("started", workflowInstanceId, fetchPayloads, timeoutInSeconds);
  }

  /**
   * Resolves once the instance is COMPLETED, FAILED, CANCELED or TERMINATED; with `undefined` when there is none. Rejects with
   * TimeoutError after `timeoutInSeconds`.
   */
  async waitForWorkflowCompletion(
    workflowInstanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = 60,
  ): Promise<WorkflowState | undefined> {
    return this.#waitFor("completed", workflowInstanceId, fetchPayloads, timeoutInSeconds);
  }

  /**
   * The result of a workflow, with its type. Rejects with WorkflowFailedError when it has not COMPLETED, with TimeoutError
   * when it has not ended in time, and with an Error when there is no such instance.
   *
   *     const receipt = await client.waitForWorkflowResult(order, id, 30);
   */
  async waitForWorkflowResult<W extends AnyWorkflow>(
    workflow: W,
    workflowInstanceId: string,
    timeoutInSeconds: number | null = 60,
  ): Promise<OutputOfWorkflow<W>> {
    const state = await this.waitForWorkflowCompletion(workflowInstanceId, true, timeoutInSeconds);
    if (state === undefined) throw new Error(`There is no workflow instance '${workflowInstanceId}'`);
    if (state.runtimeStatus !== WorkflowRuntimeStatus.COMPLETED) throw new WorkflowFailedError(state);
    return this.#payloads.decode(state.serializedOutput, "result", "workflow", nameOf(workflow)) as OutputOfWorkflow<W>;
  }

  /**
   * Asks a workflow to end, and its children: their code gets a WorkflowCanceledError where it waits, and may clean up in
   * `catch` and `finally`. It is CANCELED when it lets the error through. For the hard way, see terminateWorkflow.
   *
   *     await client.cancelWorkflow("order-1", "the customer changed their mind");
   */
  async cancelWorkflow(workflowInstanceId: string, reason?: string | null): Promise<void> {
    await this.#operate("cancel", "cancelWorkflow", workflowInstanceId, reason);
  }

  /**
   * Makes a new instance of one that has ended: it takes over what that has done before a call, makes the call again, and goes on from there.
   * Resolves with its ID.
   *
   *     const id = await client.rerunWorkflow("order-1", { eventId: 7, input: { amount: 20 } });
   */
  async rerunWorkflow(workflowInstanceId: string, options?: RerunOptions | null): Promise<string> {
    const read = readOptions(rerunOptions, options, "rerunWorkflow", workflowInstanceId);
    const body: Record<string, unknown> = {
      eventID: read.eventId ?? undefined,
      newInstanceID: read.newInstanceId ?? undefined,
      newChildWorkflowInstanceID: read.newChildWorkflowInstanceId ?? undefined,
      reason: read.reason ?? undefined,
    };
    if (options && "input" in options) {
      const { input = null } = options;
      body.input = JSON.parse(this.#payloads.encode(input, "input", "rerunWorkflow", workflowInstanceId) ?? "null");
    }
    const query = { requestID: read.requestId ?? undefined };
    return idIn(await this.#api.change(`${segment(workflowInstanceId)}/rerun`, query, JSON.stringify(body)));
  }

  /**
   * Starts an instance once more from the beginning: the same ID, workflow, input, search attributes and retention, on the latest version. What
   * runs is terminated with its children. Rejects with status 400 for a child.
   *
   *     await client.restartWorkflow("order-1", { reason: "the price list was wrong" });
   */
  async restartWorkflow(workflowInstanceId: string, options?: RestartOptions | null): Promise<void> {
    const { requestId, reason } = readOptions(restartOptions, options, "restartWorkflow", workflowInstanceId);
    const query = { requestID: requestId ?? undefined, reason: reason ?? undefined };
    await this.#api.change(`${segment(workflowInstanceId)}/restart`, query);
  }

  /**
   * A failed instance goes on from the place at which its code has failed: the call that has failed is made again, and what has succeeded
   * stays. A failed child is rewound with its parent. Rejects with status 400 when the instance is not FAILED.
   *
   *     await client.rewindWorkflow("order-1", { reason: "the bank is back" });
   */
  async rewindWorkflow(workflowInstanceId: string, options?: RepairOptions | null): Promise<void> {
    await this.#repair("rewind", "rewindWorkflow", workflowInstanceId, options);
  }

  /**
   * An instance that has begun and not ended, a stalled one too, goes on with the code of another version of its workflow. Rejects with
   * status 400 when that is not registered.
   *
   *     await client.changeWorkflowVersion("order-1", "v2", { reason: "v1 is gone" });
   */
  async changeWorkflowVersion(
    workflowInstanceId: string,
    version: string,
    options?: RepairOptions | null,
  ): Promise<void> {
    await this.#repair("version", "changeWorkflowVersion", workflowInstanceId, options, JSON.stringify({ version }));
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
    const path = `${segment(workflowInstanceId)}/query/${segment(nameOf(query))}`;
    const encoded = this.#payloads.encode(input, "input", "query", nameOf(query));
    const answer = await this.#api.ask(path, { input: encoded });
    return this.#payloads.decode(resultText(answer), "result", "query", nameOf(query));
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
    options?: UpdateOptions | null,
  ): Promise<TResult>;
  async updateWorkflow(
    workflowInstanceId: string,
    update: string,
    input?: unknown,
    options?: UpdateOptions | null,
    // biome-ignore lint/suspicious/noExplicitAny: without a declaration, the result is what the workflow gives
  ): Promise<any>;
  async updateWorkflow(
    workflowInstanceId: string,
    update: string | { readonly name: string },
    input?: unknown,
    options?: UpdateOptions | null,
  ): Promise<unknown> {
    const call = "updateWorkflow";
    const { updateId, timeoutInSeconds, reason } = readOptions(updateOptions, options, call, workflowInstanceId);
    const path = `${segment(workflowInstanceId)}/update/${segment(nameOf(update))}`;
    const deadline = new Deadline(timeoutOf(timeoutInSeconds, call, workflowInstanceId));
    const updateID = updateId || crypto.randomUUID();
    const payload = this.#payloads.encode(input ?? null, "input", "update", nameOf(update));
    const wait = { instanceId: workflowInstanceId, path, updateID, reason: reason ?? undefined, payload };
    const answer = await waitForUpdate(this.#api, wait, deadline);
    return this.#payloads.decode(resultText(answer), "result", "update", nameOf(update));
  }

  /**
   * The events of the instance's current execution, in order. `undefined` when there is no such instance. Read in pages of 1,000; one that
   * continues as new meanwhile is read from the beginning again.
   */
  async getWorkflowHistory(workflowInstanceId: string): Promise<HistoryEvent[] | undefined> {
    return wholeHistory((continuationToken) => this.getWorkflowHistoryPage(workflowInstanceId, { continuationToken }));
  }

  /** One page of it: hand the `continuationToken` of one page in for the next. */
  async getWorkflowHistoryPage(
    workflowInstanceId: string,
    options?: HistoryPageOptions | null,
  ): Promise<HistoryPage | undefined> {
    const read = readOptions(historyPageOptions, options, "getWorkflowHistoryPage", workflowInstanceId);
    return historyPage(this.#api, workflowInstanceId, read);
  }

  /**
   * The instances that fit, the newest first, as the catalog knows them: a second late at most, as a rule. Reads page by page as it
   * is iterated. Rejects with ERR_CATALOG_NOT_CONFIGURED where the server has no catalog.
   *
   *     for await (const { instanceId, failure } of client.listWorkflows({ status: "FAILED", createdAfter: yesterday })) …
   *     for await (const { workflows, continuationToken } of client.listWorkflows({ pageSize: 20 }).asPages()) …
   */
  listWorkflows(filter?: ListOptions | null): WorkflowList {
    const { continuationToken, ...read } = readOptions(listOptions, filter, "listWorkflows");
    const query = queryOf(read);
    return new WorkflowList(
      async (token) => pageOf(await this.#api.ask("", { ...query, continuationToken: token })),
      continuationToken ?? undefined,
    );
  }

  /**
   * How many instances fit, by all of these keys together; by status alone unless others are given.
   *
   *     const { counts } = await client.countWorkflows({ name: "order" }, ["status", "day"]);
   */
  async countWorkflows(
    filter?: WorkflowFilter | null,
    by?: CountKey | readonly CountKey[] | null,
  ): Promise<WorkflowCounts> {
    const query = queryOf(readOptions(filterOptions, filter, "countWorkflows"));
    return countsOf(await this.#api.ask("", { ...query, countBy: countByOf(by, "countWorkflows") }));
  }

  /**
   * Asks many instances the same, as a job that goes on by itself; resolves with its ID. Only what was created before is meant. Rejects
   * with ERR_BULK_CONFIRM when more match than `confirm` allows. docs/operations.md says what it promises.
   *
   *     const jobId = await client.startBulkJob({ operation: "purge", filter: { status: "COMPLETED", endedBefore: lastYear }, confirm: 5_000 });
   */
  async startBulkJob(job: BulkJobOptions): Promise<string> {
    const body = jobBodyOf(readOptions(bulkJobOptions, job, "startBulkJob"), this.#payloads, false);
    return jobIdIn(await this.#jobs.change("", {}, body));
  }

  /** How many instances a job would ask, and the first of them. Nothing is done to them. */
  async previewBulkJob(job: BulkJobOptions): Promise<BulkJobPreview> {
    const body = jobBodyOf(readOptions(bulkJobOptions, job, "previewBulkJob"), this.#payloads, true);
    return previewOf(await this.#jobs.change("", {}, body));
  }

  /** `undefined` when there is no such job. */
  async getBulkJob(jobId: string): Promise<BulkJob | undefined> {
    const answer = await ifThere(this.#jobs.ask(segment(jobId)), "ERR_BULK_JOB_NOT_FOUND");
    return answer && jobOf(answer);
  }

  /** One page of jobs, the newest first. Rejects with ERR_CATALOG_NOT_CONFIGURED where the server has no catalog. */
  async listBulkJobs(options?: BulkJobPageOptions | null): Promise<BulkJobPage> {
    const { pageSize, continuationToken } = readOptions(bulkJobPageOptions, options, "listBulkJobs");
    const query = { pageSize: pageSize ?? undefined, continuationToken: continuationToken ?? undefined };
    return jobPageOf(await this.#jobs.ask("", query));
  }

  /** Stops a job between two batches: what is done stays done. Rejects with status 404 when there is none. */
  async cancelBulkJob(jobId: string, reason?: string | null): Promise<void> {
    const text = readArgument(aString, reason, "reason", "cancelBulkJob", jobId);
    await this.#jobs.change(`${segment(jobId)}/cancel`, { reason: text });
  }

  /**
   * Tells of each event of the history as it happens, until the instance has ended or was purged. A connection that is lost is made again, and goes on
   * where it was: none is left out, and none comes twice. Rejects with status 404 when there is no such instance.
   *
   *     for await (const told of client.watchWorkflow("order-1")) if (told.type === "history") console.log(told.event.type);
   */
  watchWorkflow(workflowInstanceId: string, options?: WatchOptions | null): AsyncIterable<WatchedEvent> {
    const { after, signal } = readOptions(watchOptions, options, "watchWorkflow", workflowInstanceId);
    const path = `${segment(workflowInstanceId)}/events`;
    return watch(this.#api, { path, after: after ?? undefined, signal: signal ?? undefined });
  }

  /** Delivers an event. Once this resolves, the event is stored, whether or not the workflow waits for it yet. */
  async raiseEvent<TPayload>(
    workflowInstanceId: string,
    event: EventDeclaration<TPayload>,
    eventPayload: TPayload,
    options?: RaiseOptions | null,
  ): Promise<void>;
  async raiseEvent(
    workflowInstanceId: string,
    eventName: string,
    eventPayload?: unknown,
    options?: RaiseOptions | null,
  ): Promise<void>;
  async raiseEvent(
    workflowInstanceId: string,
    event: string | { readonly name: string },
    eventPayload?: unknown,
    options?: RaiseOptions | null,
  ): Promise<void> {
    const { reason } = readOptions(raiseOptions, options, "raiseEvent", workflowInstanceId);
    const path = `${segment(workflowInstanceId)}/raiseEvent/${segment(nameOf(event))}`;
    const encoded = this.#payloads.encode(eventPayload ?? null, "payload", "event", nameOf(event));
    await this.#api.change(path, { reason: reason ?? undefined }, encoded);
  }

  /**
   * Removes an ended instance with its children. False when there was none; rejects when it has not ended, unless `force`
   * is set: then it is stopped where it is, without a chance to clean up, and a stalled one too. A forced one that rejects is
   * to be sent again: children that it has reached are gone.
   */
  async purgeWorkflow(workflowInstanceId: string, options?: PurgeOptions | null): Promise<boolean> {
    const read = readOptions(purgeOptions, options, "purgeWorkflow", workflowInstanceId);
    const { force, nonRecursive, reason } = read;
    const query = { force: force || undefined, nonRecursive: nonRecursive || undefined, reason: reason ?? undefined };
    return (await ifThere(this.#api.change(`${segment(workflowInstanceId)}/purge`, query))) !== undefined;
  }

  /** Holds the workflow's code; what comes meanwhile is kept, timers go on, activities that run end. The reason stands in the history. */
  async suspendWorkflow(workflowInstanceId: string, reason?: string | null): Promise<void> {
    await this.#operate("pause", "suspendWorkflow", workflowInstanceId, reason);
  }

  /** What has come meanwhile is delivered in order. The reason stands in the history. */
  async resumeWorkflow(workflowInstanceId: string, reason?: string | null): Promise<void> {
    await this.#operate("resume", "resumeWorkflow", workflowInstanceId, reason);
  }

  /** Nothing has to be stopped: there is no connection. */
  async stop(): Promise<void> {}

  async #repair(
    operation: string,
    call: string,
    instanceId: string,
    options?: RepairOptions | null,
    body?: string,
  ): Promise<void> {
    const { requestId, reason } = readOptions(repairOptions, options, call, instanceId);
    const query = { requestID: requestId ?? undefined, reason: reason ?? undefined };
    await this.#api.change(`${segment(instanceId)}/${operation}`, query, body);
  }

  async #operate(operation: string, call: string, instanceId: string, reason?: string | null): Promise<void> {
    const text = readArgument(aString, reason, "reason", call, instanceId);
    const body = text === undefined ? undefined : JSON.stringify({ reason: text });
    await this.#api.change(`${segment(instanceId)}/${operation}`, {}, body);
  }

  async #waitFor(
    until: WaitedFor,
    instanceId: string,
    payloads: boolean | null,
    timeoutInSeconds: number | null,
  ): Promise<WorkflowState | undefined> {
    const call = until === "started" ? "waitForWorkflowStart" : "waitForWorkflowCompletion";
    const fetchPayloads = payloadsOf(payloads, call, instanceId);
    const path = segment(instanceId);
    const deadline = new Deadline(timeoutOf(timeoutInSeconds, call, instanceId));
    return waitForState(this.#api, { until, instanceId, path, fetchPayloads }, deadline);
  }
}
