import type { Stall } from "../engine/execution.ts";
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

  stalled(stall: Stall | undefined): void {
    const { reason, message } = stall ?? {};
    this.#ports.log({ level: "warn", msg: "stalled", instanceId: this.#ports.instanceId(), reason, text: message });
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
