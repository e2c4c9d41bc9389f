import type { ExecutionStarted, HistoryFact } from "../../model/history-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import type { RestartRequest, RestartResult } from "../protocol.ts";
import { isMeant, reading } from "../reading/index.ts";
import type { Gate } from "./gate.ts";
import type { Lives } from "./lives.ts";
import { type Starts, stillDelivering } from "./starts.ts";
import { isSameRun, type Vacancy } from "./vacancy.ts";

const OK = { ok: true } as const;

/**
 * Restarts: the same ID, name and input, another run. The former one stays until that is written, ended or not, in the same commit: whoever asks
 * sees the one or the other. It has left nothing open by then, so that nothing it has sent, or is sent, reaches the new run.
 */
export class Restarts {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #starts: Starts;
  readonly #vacancy: Vacancy;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate, starts: Starts, vacancy: Vacancy) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
    this.#starts = starts;
    this.#vacancy = vacancy;
  }

  async restart(request: RestartRequest): Promise<RestartResult> {
    const insist = this.#vacancy.insist(request);
    let meant: InstanceRecord | undefined;
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record: former, current: life } = this.#lives;
      if (former === undefined) return { ok: false, code: "NOT_FOUND" };
      if (former.startRequestId === request.requestId) return OK;
      if (meant === undefined && !isMeant(request, former)) return { ok: false, code: "NOT_FOUND" };
      if (life.isUnreadable) return { ok: false, code: "STALLED" };
      if (former.parent !== undefined) return { ok: false, code: "CHILD" };
      meant ??= former;
      // Another restart, or a start, has come through meanwhile: what ran when this was asked for is gone.
      if (!isSameRun(former, meant)) return OK;
      const inTheWay = await this.#vacancy.inTheWay(former, undefined, true);
      if (inTheWay !== undefined) {
        const goesOn = inTheWay === "changed" || (await insist(inTheWay, former));
        if (goesOn === true) continue;
        if (inTheWay === "delivering") throw stillDelivering(former);
        return (goesOn === false ? inTheWay : goesOn) as RestartResult;
      }
      const started = await this.#startOf();
      if (started === undefined || this.#lives.record !== former) continue;
      const { name, input, searchAttributes } = started;
      const { retentionMs, instanceId } = former;
      const again = { ...request, instanceId, name, input, searchAttributes, retentionMs };
      if (await this.#starts.create(again, { former, life })) return this.#starts.confirmed(OK);
    }
  }

  async #startOf(): Promise<ExecutionStarted | undefined> {
    const { store } = this.#ports;
    const first: HistoryFact | undefined =
      this.#lives.current.outline?.first ?? (await reading(this.#ports, () => store.outline(undefined).first));
    return first?.type === "ExecutionStarted" ? first : undefined;
  }
}
