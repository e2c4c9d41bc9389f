import type { Turn } from "../engine/orchestration.ts";
import { errorTypeOf, isError, placesOf } from "../model/failure.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import type { UnreadableError } from "../storage/unreadable-error.ts";
import type { InstancePorts } from "./ports.ts";

/** What an instance tells in the log: how it ended, why it does not go on, and faults. Never a payload. */
export class InstanceLog {
  readonly #ports: InstancePorts;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  ended({ instanceId, name, status, generation, createdAtMs }: InstanceRecord): void {
    const durationMs = this.#ports.clock.now() - createdAtMs;
    this.#ports.log({ level: "info", msg: "instance", instanceId, name, status, generation, durationMs });
  }

  /** Once for each stall that the turn has recorded. Names of calls and patches are all that its message has. */
  stalled({ instanceId, name }: InstanceRecord, { events }: Turn): void {
    const stalled = events.at(-1);
    if (stalled?.type !== "ExecutionStalled") return;
    const { reason, message } = stalled;
    this.#ports.log({ level: "error", msg: "stalled", instanceId, name, reason, message: oneLine(message) });
  }

  /** Nothing else is left of the reason. */
  purged({ instanceId, name, status }: InstanceRecord, reason: string): void {
    const { log, logFailureMessages = true } = this.#ports;
    log({
      level: "info",
      msg: "purged",
      instanceId,
      name,
      status,
      ...(logFailureMessages && { reason: oneLine(reason) }),
    });
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
      errorType: typeOf(error),
      at: isError(error) ? placesOf(error) : undefined,
    });
  }

  fault(msg: string, error: unknown): void {
    this.#ports.log({ level: "error", msg, instanceId: this.#ports.instanceId(), errorType: typeOf(error) });
  }
}

function typeOf(error: unknown): string {
  return errorTypeOf(error);
}

const MAX_MESSAGE_LENGTH = 1_024;

/** A text as it stands in a line of the log. */
function oneLine(text: string): string {
  const line = text.slice(0, MAX_MESSAGE_LENGTH).replace(/\s+/g, " ");
  return text.length > MAX_MESSAGE_LENGTH ? `${line}…` : line;
}
