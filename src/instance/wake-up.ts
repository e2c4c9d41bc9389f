import type { InstancePorts } from "./ports.ts";

/**
 * The one place that arms the alarm. `null`: no alarm is set. Setting one is billed as a row written, so an alarm
 * that comes early is left alone while there is work: when it rings, it finds out what to wait for next.
 */
export class WakeUp {
  readonly #ports: InstancePorts;
  #armedAtMs: number | null = null;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  get isArmed(): boolean {
    return this.#armedAtMs !== null;
  }

  /** What is set according to the platform, which clears an alarm when it rings. */
  found(armedAtMs: number | null): void {
    this.#armedAtMs = armedAtMs;
  }

  /** Makes sure that an alarm rings at the time or before it; infinity: that none is set. */
  arm(atMs: number, exactly: boolean): void {
    if (atMs === Number.POSITIVE_INFINITY) {
      if (this.#armedAtMs !== null) this.#ports.alarm.clear();
      this.#armedAtMs = null;
      return;
    }
    // An alarm set for the very moment in which one rings may be lost (workerd#6866): at least one millisecond on.
    const at = Math.max(Math.ceil(atMs), this.#ports.clock.now() + 1);
    if (this.#armedAtMs !== null && (exactly ? this.#armedAtMs === at : this.#armedAtMs <= at)) return;
    this.#ports.alarm.set(at);
    this.#armedAtMs = at;
  }
}
