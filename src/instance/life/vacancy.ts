import type { Asked } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { firstActiveChild } from "../delivery/index.ts";
import type { InstancePorts } from "../ports.ts";
import type { StartResult } from "../protocol.ts";
import type { Lives } from "./lives.ts";
import type { Reception } from "./reception.ts";

/** How long one who insists on the place waits for whoever has it, with all children and messages. Longer than a terminate takes. */
const PATIENCE_MS = 30_000;
/** Between two looks at the children: the first pause, which doubles up to the last. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1_000;

type Refused = Extract<StartResult, { ok: false }>;

/** What keeps another one from this ID. "changed": it is to be asked again. "delivering": it has ended, and not told everybody. */
export type InTheWay = Refused | "changed" | "delivering";

/** Whether there is room for another one under this ID, and how it is made. */
export class Vacancy {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #reception: Reception;

  constructor(ports: InstancePorts, lives: Lives, reception: Reception) {
    this.#ports = ports;
    this.#lives = lives;
    this.#reception = reception;
  }

  /**
   * `undefined`: nothing. `calledBy`: the request of one that schedules itself, and cannot deliver that before it is answered.
   * `isInsisting`: children are waited for until their IDs are free, as the new run will call them again.
   */
  async inTheWay(former: InstanceRecord, calledBy?: string, isInsisting?: boolean): Promise<InTheWay | undefined> {
    if (!isTerminal(former.status)) return { ok: false, code: "ALREADY_ACTIVE" };
    if (this.#awaitsActivity(former)) return { ok: false, code: "AWAITING_ACTIVITY" };
    const isReadable = await this.#lives.readability.isEndReadable(former);
    // Another copy of a start may have come through meanwhile.
    if (this.#lives.record !== former) return "changed";
    if (!isReadable || this.#lives.current.isUnreadable) return { ok: false, code: "UNREADABLE" };
    if (calledBy !== undefined && this.#lives.current.outbox.isCallingItself(calledBy))
      return { ok: false, code: "ALREADY_ACTIVE" };
    if (!(await this.#lives.hasDelivered())) return "delivering";
    const childInstanceId = await firstActiveChild(this.#ports, former.instanceId, [], isInsisting);
    if (childInstanceId === undefined) return undefined;
    return this.#lives.record === former ? { ok: false, code: "CHILD_ACTIVE", childInstanceId } : "changed";
  }

  /**
   * For one who insists on the place: what runs is terminated, with its children, and all that is in the way is waited for. Nothing is
   * written but that terminate: should it come to nothing, whoever asked asks again. To be called for each thing that is in the
   * way, which is `former`; false when it stays there. A copy of the request may have come through before the terminate is written: what it
   * has begun is not terminated.
   */
  insist(asked: Asked): (inTheWay: InTheWay, former: InstanceRecord) => Promise<boolean | Refused> {
    const untilMs = this.#ports.clock.now() + PATIENCE_MS;
    let pauseMs = FIRST_PAUSE_MS;
    return async (inTheWay, former) => {
      const leftMs = untilMs - this.#ports.clock.now();
      if (leftMs <= 0) return false;
      if (inTheWay === "changed" || inTheWay === "delivering") return true;
      switch (inTheWay.code) {
        case "ALREADY_ACTIVE":
          return this.#end(former, asked, leftMs);
        case "AWAITING_ACTIVITY":
          await this.#lives.watchers.until(() => this.#lives.household.activities.size === 0, leftMs);
          return true;
        case "CHILD_ACTIVE":
          // Nobody tells when a child of a child has ended.
          await this.#ports.clock.delay(Math.min(pauseMs, leftMs));
          pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
          return true;
        default:
          return false;
      }
    };
  }

  async #end(former: InstanceRecord, { reason, actor }: Asked, patienceMs: number): Promise<boolean | Refused> {
    const isFormer = (record: InstanceRecord) => isSameRun(record, former);
    const terminated = { type: "ExecutionTerminated", recursive: true, reason, actor } as const;
    const told = await this.#reception.accept(terminated, {}, isFormer);
    if (!told.ok && told.code === "STALLED") return { ok: false, code: "STALLED" };
    const hasEnded = () => {
      const { record } = this.#lives;
      if (record === undefined || !isFormer(record)) return true;
      return isTerminal(record.status) || this.#lives.current.isUnreadable;
    };
    await this.#lives.watchers.until(hasEnded, patienceMs);
    return true;
  }

  /** As in Dapr: the ID of a terminated instance is not free while an activity of it still runs. */
  #awaitsActivity(former: InstanceRecord): boolean {
    return former.status === "TERMINATED" && this.#lives.household.activities.size > 0;
  }
}

/** Of continue-as-new's executions all are one run. */
export function isSameRun(a: InstanceRecord, b: InstanceRecord): boolean {
  return a.startRequestId === b.startRequestId && a.createdAtMs === b.createdAtMs;
}
