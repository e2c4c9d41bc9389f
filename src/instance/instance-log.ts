import { failedCallOf } from "../engine/failed-call.ts";
import type { Turn } from "../engine/turn.ts";
import { type FailureDetails, isError, placesOf } from "../model/failure.ts";
import type { Asked, TaskScheduled } from "../model/history-event.ts";
import { oneLine } from "../model/log.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import type { UnreadableError } from "../storage/unreadable-error.ts";
import { errorFields, messageField } from "./log-text.ts";
import type { InstancePorts } from "./ports.ts";

/** What an instance tells in the log: how it ended, why it does not go on, and faults. Never a payload. */
export class InstanceLog {
  readonly #ports: InstancePorts;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  /** Why, and from which call of an activity or a child, where it has failed. */
  ended({ instanceId, name, status, generation, createdAtMs }: InstanceRecord, { completion }: Turn): void {
    const durationMs = this.#ports.clock.now() - createdAtMs;
    const line = { msg: "instance", instanceId, name, status, generation, durationMs };
    if (completion?.type !== "Failed") return this.#ports.log({ level: "info", ...line });
    const { failure } = completion;
    const call = failedCallOf(instanceId, failure);
    this.#ports.log({
      level: "error",
      ...line,
      errorType: failure.errorType,
      ...(call !== undefined && { [call.kind === "activity" ? "activity" : "child"]: call.name, taskId: call.taskId }),
      ...(call?.failure !== undefined && { causedBy: call.failure.errorType }),
      ...messageField(this.#ports, failure.message),
    });
  }

  /** An attempt of an activity has failed. `retried`, where it is known by then: never. */
  attemptFailed(task: TaskScheduled, { errorType, message, isNonRetriable }: FailureDetails): void {
    this.#ports.log({
      level: "warn",
      msg: "attempt",
      instanceId: this.#ports.instanceId(),
      activity: task.name,
      taskId: task.id,
      attempt: task.attempt ?? 1,
      errorType,
      ...messageField(this.#ports, message),
      ...(isNonRetriable && { retried: false }),
    });
  }

  /** Once for each stall that the turn has recorded. Its message has names of calls and patches, or quotes an error of the author's. */
  stalled({ instanceId, name }: InstanceRecord, { events }: Turn): void {
    const stalled = events.at(-1);
    if (stalled?.type !== "ExecutionStalled") return;
    const { reason, message, knownBy } = stalled;
    const text = knownBy === undefined ? { message: oneLine(message) } : messageField(this.#ports, message);
    this.#ports.log({ level: "error", msg: "stalled", instanceId, name, reason, ...text });
  }

  /** Nothing else is left of who has asked for it, and why. */
  purged({ instanceId, name, status }: InstanceRecord, { reason, actor }: Asked): void {
    if (reason === undefined && actor === undefined) return;
    const { message } = reason === undefined ? {} : messageField(this.#ports, reason);
    const line = { msg: "purged", instanceId, name, status, ...(actor !== undefined && { actor }) };
    this.#ports.log({ level: "info", ...line, ...(message && { reason: message }) });
  }

  unreadable({ name: errorType, message }: UnreadableError): void {
    const instanceId = this.#ports.instanceId();
    this.#ports.log({ level: "error", msg: "unreadable", instanceId, errorType, text: message });
  }

  /** With the places in the code, which tell nothing of the author's data. */
  turnFailed(failures: number, error: unknown): void {
    this.#ports.log({
      level: "error",
      msg: "turn",
      instanceId: this.#ports.instanceId(),
      failures,
      ...errorFields(this.#ports, error),
      at: isError(error) ? placesOf(error) : undefined,
    });
  }

  fault(msg: string, error: unknown): void {
    this.#ports.log({ level: "error", msg, instanceId: this.#ports.instanceId(), ...errorFields(this.#ports, error) });
  }
}
