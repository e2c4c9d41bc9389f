import { nameOf } from "../../engine/names.ts";
import type { InputOf } from "../../engine/signatures.ts";
import type { AnyWorkflow } from "../../engine/workflow-context.ts";
import { aDate, readArgument, readOptions } from "../../model/options.ts";
import {
  type InputAndRun,
  type InputAndStart,
  type RunOptions,
  runOptions,
  type ScheduleOptions,
  scheduleOptions,
} from "../client-options.ts";
import { type Encoded, start, startAndWait } from "../client-starts.ts";
import type { WorkflowState } from "../workflow-state.ts";
import type { ClientConnection } from "./connection.ts";

/** Starts instances. */
export class ClientStarts {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
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
    const name = this.#connection.api.workflowName(workflow);
    const options =
      typeof instanceIdOrOptions === "string"
        ? { instanceId: instanceIdOrOptions }
        : readOptions(scheduleOptions, instanceIdOrOptions, call, name);
    const lastArgument = readArgument(aDate, startAt, "startAt", call, name);
    const at = options.startAt ?? lastArgument;
    return start(this.#connection.api, name, this.#encoded(name, input, options), { ...options, startAt: at ?? null });
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
    const name = this.#connection.api.workflowName(workflow);
    const read = readOptions(runOptions, options, "runWorkflow", name);
    return startAndWait(this.#connection.api, name, this.#encoded(name, input, read), read);
  }

  #encoded(name: string, input: unknown, { raiseEvent, eventPayload }: ScheduleOptions): Encoded {
    const event =
      raiseEvent && this.#connection.payloads.encode(eventPayload ?? null, "payload", "event", nameOf(raiseEvent));
    return { input: this.#connection.payloads.encode(input, "input", "workflow", name), event: event || undefined };
  }
}
