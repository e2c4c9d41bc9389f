import type { EventDeclaration } from "../../engine/declarations.ts";
import { nameOf } from "../../engine/names.ts";
import { aString, readArgument, readOptions } from "../../model/options.ts";
import {
  type PurgeOptions,
  purgeOptions,
  type RaiseOptions,
  raiseOptions,
  type TerminateOptions,
  terminateOptions,
} from "../client-options.ts";
import { ifThere, segment } from "../workflow-api.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientStates } from "./states.ts";

/** What reaches an instance from outside, and ends it. */
export class ClientOperations extends ClientStates {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
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
    const encoded = this.#connection.payloads.encode(eventPayload ?? null, "payload", "event", nameOf(event));
    await this.#connection.api.change(path, { reason: reason ?? undefined }, encoded);
  }

  /** Holds the workflow's code; what comes meanwhile is kept, timers go on, activities that run end. The reason stands in the history. */
  async suspendWorkflow(workflowInstanceId: string, reason?: string | null): Promise<void> {
    await this.#operate("pause", "suspendWorkflow", workflowInstanceId, reason);
  }

  /** What has come meanwhile is delivered in order. The reason stands in the history. */
  async resumeWorkflow(workflowInstanceId: string, reason?: string | null): Promise<void> {
    await this.#operate("resume", "resumeWorkflow", workflowInstanceId, reason);
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

  /** Ends an instance and its children at once. `output` (any JSON value) becomes its output. Rejects with status 404 when there is none. */
  async terminateWorkflow(
    workflowInstanceId: string,
    output?: unknown,
    options?: TerminateOptions | null,
  ): Promise<void> {
    const { nonRecursive, reason } = readOptions(terminateOptions, options, "terminateWorkflow", workflowInstanceId);
    const encoded = this.#connection.payloads.encode(output ?? null, "output", "terminateWorkflow", workflowInstanceId);
    const body = `{"output":${encoded ?? "null"}${reason == null ? "" : `,"reason":${JSON.stringify(reason)}`}}`;
    await this.#connection.api.change(
      `${segment(workflowInstanceId)}/terminate`,
      { nonRecursive: nonRecursive || undefined },
      body,
    );
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
    return (await ifThere(this.#connection.api.change(`${segment(workflowInstanceId)}/purge`, query))) !== undefined;
  }

  async #operate(operation: string, call: string, instanceId: string, reason?: string | null): Promise<void> {
    const text = readArgument(aString, reason, "reason", call, instanceId);
    const body = text === undefined ? undefined : JSON.stringify({ reason: text });
    await this.#connection.api.change(`${segment(instanceId)}/${operation}`, {}, body);
  }
}
