import { nameOf } from "../../engine/names.ts";
import type { OutputOfWorkflow } from "../../engine/signatures.ts";
import type { AnyWorkflow } from "../../engine/workflow-context.ts";
import { WorkflowFailedError } from "../client-errors.ts";
import { payloadsOf, timeoutOf } from "../client-options.ts";
import { Deadline, stateOf, type WaitedFor, waitForState } from "../client-waits.ts";
import { WorkflowRuntimeStatus } from "../runtime-status.ts";
import { ifThere, segment } from "../workflow-api.ts";
import { descriptionOf, type WorkflowDescription } from "../workflow-description.ts";
import type { WorkflowState } from "../workflow-state.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientStarts } from "./starts.ts";

/** What an instance is, and waiting for what it will be. */
export class ClientStates extends ClientStarts {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /** `undefined` when there is no such instance. */
  async getWorkflowState(
    workflowInstanceId: string,
    getInputsAndOutputs?: boolean | null,
  ): Promise<WorkflowState | undefined> {
    const fetchPayloads = payloadsOf(getInputsAndOutputs, "getWorkflowState", workflowInstanceId);
    return stateOf(await ifThere(this.#connection.api.ask(segment(workflowInstanceId), { fetchPayloads })));
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
    const answer = await ifThere(
      this.#connection.api.ask(segment(workflowInstanceId), { detail: "full", fetchPayloads }),
    );
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
    return this.#connection.payloads.decode(
      state.serializedOutput,
      "result",
      "workflow",
      nameOf(workflow),
    ) as OutputOfWorkflow<W>;
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
    return waitForState(this.#connection.api, { until, instanceId, path, fetchPayloads }, deadline);
  }
}
