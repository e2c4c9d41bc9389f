import { readOptions } from "../../model/options.ts";
import {
  type RepairOptions,
  type RerunOptions,
  type RestartOptions,
  repairOptions,
  rerunOptions,
  restartOptions,
} from "../client-options.ts";
import { idIn } from "../client-starts.ts";
import { segment } from "../workflow-api.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientQuestions } from "./questions.ts";

/** Once more, from where it went wrong. */
export class ClientRepairs extends ClientQuestions {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
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
      body.input = JSON.parse(
        this.#connection.payloads.encode(input, "input", "rerunWorkflow", workflowInstanceId) ?? "null",
      );
    }
    const query = { requestID: read.requestId ?? undefined };
    return idIn(await this.#connection.api.change(`${segment(workflowInstanceId)}/rerun`, query, JSON.stringify(body)));
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
    await this.#connection.api.change(`${segment(workflowInstanceId)}/restart`, query);
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

  async #repair(
    operation: string,
    call: string,
    instanceId: string,
    options?: RepairOptions | null,
    body?: string,
  ): Promise<void> {
    const { requestId, reason } = readOptions(repairOptions, options, call, instanceId);
    const query = { requestID: requestId ?? undefined, reason: reason ?? undefined };
    await this.#connection.api.change(`${segment(instanceId)}/${operation}`, query, body);
  }
}
