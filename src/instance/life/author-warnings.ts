import type { Turn } from "../../engine/turn.ts";
import type { InstancePorts } from "../ports.ts";

/** Tells the author, in the log, what the code does that is hardly meant so. Never a payload. */
export class AuthorWarnings {
  readonly #ports: InstancePorts;
  /** Executions in a row that continued as new in their first turn without being given anything. */
  #tightContinuations = 0;
  #callOffWatch: (() => void) | undefined;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  /** The workflow continues as new so fast that it is slowed down. */
  get isTight(): boolean {
    return this.#tightContinuations >= this.#ports.limits.maxTightContinuations;
  }

  afterTurn(turn: Turn, instanceId: string): void {
    for (const text of turn.warnings) this.#warn(instanceId, text);
    // Whatever it was given is an event; only the first turn of an execution may have none.
    if (turn.completion?.type !== "ContinuedAsNew" || turn.events.length > 0) {
      this.#tightContinuations = 0;
      return;
    }
    if (++this.#tightContinuations !== this.#ports.limits.maxTightContinuations) return;
    this.#warn(
      instanceId,
      `The workflow has continued as new ${this.#tightContinuations} times in a row without waiting for anything. ` +
        "It goes on, once a second. A yield before its createTimer may be missing; terminate stops it.",
    );
  }

  /** A turn that is not over with its burst waits for something that is no task, or for keys: told of when it takes long. */
  watchTurn(): void {
    if (this.#callOffWatch !== undefined) return;
    const { clock, limits } = this.#ports;
    const callOff = clock.schedule(limits.heldTurnMs, () => {
      this.#callOffWatch = undefined;
      this.#warn(
        this.#ports.instanceId(),
        `A turn has gone on for ${limits.heldTurnMs} ms: the workflow's code awaits something that is no task of its context, and nothing ` +
          "else reaches it meanwhile. Move that into an activity; terminate stops the instance.",
      );
    });
    this.#callOffWatch = () => {
      this.#callOffWatch = undefined;
      callOff();
    };
  }

  unwatchTurn(): void {
    this.#callOffWatch?.();
  }

  #warn(instanceId: string, text: string): void {
    this.#ports.log({ level: "warn", msg: "workflow", instanceId, text });
  }
}
