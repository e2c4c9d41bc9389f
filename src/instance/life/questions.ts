import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { QueryResult, UpdateRequest, UpdateResult } from "../protocol.ts";
import { queryEnded, toQueryResult } from "../reading/index.ts";
import type { Lives } from "./lives.ts";
import type { Reception } from "./reception.ts";

const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;
const STALLED = { ok: false, code: "STALLED" } as const;
const ENDED = { ok: false, code: "ENDED" } as const;

/** A query, by the name under which the workflow answers it; `input` is raw text. */
export interface Query {
  readonly name: string;
  readonly input?: string | undefined;
}

/** What only the workflow's code can answer: queries, which it answers between two turns, and updates, which take one. */
export class Questions {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #reception: Reception;

  constructor(ports: InstancePorts, lives: Lives, reception: Reception) {
    this.#ports = ports;
    this.#lives = lives;
    this.#reception = reception;
  }

  async query(query: Query): Promise<QueryResult> {
    const { record } = this.#lives;
    if (record === undefined) return NOT_FOUND;
    if (isTerminal(record.status)) return this.#queryEnded(record, query);
    let result: QueryResult = { ok: false, code: "BUSY" };
    // Asked in the very moment between two turns: a chain of steps that wait for nothing leaves no other.
    await this.#reception.catchUp(() => {
      result = this.#queryNow(query);
    });
    return result;
  }

  async #queryEnded(record: InstanceRecord, { name, input }: Query): Promise<QueryResult> {
    try {
      return await queryEnded(this.#ports, record, name, input);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return STALLED;
    }
  }

  #queryNow({ name, input }: Query): QueryResult {
    const { record, orchestration, isStalled } = this.#lives.current;
    if (record === undefined) return NOT_FOUND;
    if (isStalled) return STALLED;
    if (orchestration === undefined) return { ok: false, code: record.status === "PENDING" ? "NOT_STARTED" : "BUSY" };
    return toQueryResult(orchestration.query(name, input));
  }

  async update(request: UpdateRequest): Promise<UpdateResult> {
    if (this.#lives.record === undefined) return NOT_FOUND;
    await this.#reception.catchUp();
    if (this.#lives.current.isStalled) return STALLED;
    // Asked for now: the execution that knows it may be gone when it has been waited for.
    const known = this.#outcomeOf(request);
    if (known !== undefined) return known;
    const refused = await this.#request(request);
    if (refused !== undefined) return refused;
    const isDecided = () => this.#outcomeOf(request) !== undefined || this.#hasEnded;
    await this.#lives.watchers.until(isDecided, request.timeoutMs);
    return this.#outcomeOf(request) ?? (this.#hasEnded ? ENDED : { ok: false, code: "PENDING" });
  }

  /** Unless it has been before. What is returned is why not. */
  async #request({ updateId, name, input, reason, actor }: UpdateRequest): Promise<UpdateResult | undefined> {
    if (this.#hasEnded) return ENDED;
    const { orchestration, queue } = this.#lives.current;
    const state = orchestration?.updateState(updateId) ?? "unknown";
    if (state === "forgotten") return { ok: false, code: "FORGOTTEN" };
    if (state !== "unknown" || queue.hasUpdate(updateId)) return undefined;
    while (this.#reception.inTheWay() !== undefined) await this.#reception.inTheWay();
    if (this.#lives.current.isUnreadable) return STALLED;
    await this.#reception.receive({ type: "UpdateRequested", updateId, name, input, reason, actor });
    return undefined;
  }

  get #hasEnded(): boolean {
    return this.#lives.record === undefined || this.#lives.current.hasEnded;
  }

  #outcomeOf({ updateId }: UpdateRequest): UpdateResult | undefined {
    const outcome = this.#lives.current.execution.updateOutcome(updateId);
    if (outcome === undefined || outcome.ok) return outcome;
    return { ok: false, code: outcome.rejected ? "REJECTED" : "FAILED", failure: outcome.failure };
  }
}
