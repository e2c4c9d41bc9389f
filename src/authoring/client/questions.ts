import type { QueryDeclaration, UpdateDeclaration } from "../../engine/declarations.ts";
import { nameOf } from "../../engine/names.ts";
import { readOptions } from "../../model/options.ts";
import { timeoutOf, type UpdateOptions, updateOptions } from "../client-options.ts";
import { Deadline, waitForUpdate } from "../client-waits.ts";
import { resultText, segment } from "../workflow-api.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientOperations } from "./operations.ts";

/** What the code of an instance answers. */
export class ClientQuestions extends ClientOperations {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
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
    const encoded = this.#connection.payloads.encode(input, "input", "query", nameOf(query));
    const answer = await this.#connection.api.ask(path, { input: encoded });
    return this.#connection.payloads.decode(resultText(answer), "result", "query", nameOf(query));
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
    const payload = this.#connection.payloads.encode(input ?? null, "input", "update", nameOf(update));
    const wait = { instanceId: workflowInstanceId, path, updateID, reason: reason ?? undefined, payload };
    const answer = await waitForUpdate(this.#connection.api, wait, deadline);
    return this.#connection.payloads.decode(resultText(answer), "result", "update", nameOf(update));
  }
}
