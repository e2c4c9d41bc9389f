import { childEnded } from "../../engine/messages.ts";
import { Orchestration } from "../../engine/orchestration.ts";
import { changedVersion } from "../../engine/replay.ts";
import { decideRewind } from "../../engine/rewind-decision.ts";
import type { Asked, HistoryEvent, ParentLink } from "../../model/history-event.ts";
import { executionOfName } from "../../model/ids.ts";
import type { RewindChildMessage } from "../../model/message.ts";
import { isTerminal } from "../../model/status.ts";
import { type InstanceRecord, nameOf } from "../../storage/instance-row.ts";
import { type TurnChange, textsOf } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts } from "../ports.ts";
import type { DeliveryResult, IsOwed } from "../protocol.ts";
import { isMeant, reading, visibleStatus, writing } from "../reading/index.ts";
import type { RepairResult, RewindRequest, TakenRequest, VersionRequest } from "../repair-protocol.ts";
import type { Life } from "./life.ts";
import type { Lives } from "./lives.ts";
import type { Reception } from "./reception.ts";
import { isSameCall, type Starts } from "./starts.ts";

const OK = { ok: true } as const;
const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;
const STALLED = { ok: false, code: "STALLED" } as const;
const ACCEPTED = { accepted: true } as const;
const GONE = { accepted: false, code: "GONE" } as const;

/** What is changed beside the turns. `dropped`: calls whose results nobody wants any more. */
type Amendment = Partial<Pick<TurnChange, "append" | "send">> & {
  readonly record: InstanceRecord;
  readonly dropped?: readonly number[] | undefined;
};

/**
 * What is done to an instance from outside its code: it is rewound, or put on another version. That is written beside its turns, and
 * the life ends with it: the next one begins with the history as it is then. So whatever is under way in a turn is done again.
 */
export class Repairs {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #reception: Reception;
  readonly #starts: Starts;

  constructor(ports: InstancePorts, lives: Lives, reception: Reception, starts: Starts) {
    this.#ports = ports;
    this.#lives = lives;
    this.#reception = reception;
    this.#starts = starts;
  }

  async rewind(request: RewindRequest): Promise<RepairResult> {
    for (;;) {
      await this.#reception.catchUp();
      const { record, current: life } = this.#lives;
      if (!isMeant(request, record)) return NOT_FOUND;
      if (life.isUnreadable) return STALLED;
      const notFailed = { ok: false, code: "WRONG_STATUS", status: visibleStatus(record, life) } as const;
      if (record.status !== "FAILED" && record.rewinds === undefined) return notFailed;
      const history = await this.#history();
      if (history === undefined) return STALLED;
      if (history.some((event) => event.type === "ExecutionRewound" && event.requestId === request.requestId))
        return OK;
      if (record.status !== "FAILED") return notFailed;
      const refused = await this.#refusedForParent(record);
      if (refused !== undefined) return refused;
      if (await this.#rewindNow(record, life, history, request)) return OK;
    }
  }

  /** Its parent would wait for another end than the one that it has heard of. */
  async #refusedForParent({ parent }: InstanceRecord): Promise<RepairResult | undefined> {
    if (parent === undefined) return undefined;
    const { instanceId, executionId, taskId } = parent;
    if (!(await this.#lives.hasDelivered())) return { ok: false, code: "PARENT_UNREACHABLE", instanceId };
    try {
      const hasTaken = await this.#ports.peer(instanceId).hasTaken({ executionId, taskId });
      return hasTaken ? { ok: false, code: "PARENT_KNOWS", instanceId } : undefined;
    } catch (error) {
      const { log, instanceId: own } = this.#ports;
      log({ level: "warn", msg: "rewind", instanceId: own(), target: instanceId, ...errorFields(this.#ports, error) });
      return { ok: false, code: "PARENT_UNREACHABLE", instanceId };
    }
  }

  /** Whether this instance has heard how the child of a call has ended. A child whose caller is not there any more is free. */
  async hasTaken({ executionId, taskId }: TakenRequest): Promise<boolean> {
    await this.#reception.catchUp();
    this.#lives.readability.check();
    const { record, current } = this.#lives;
    if (record === undefined || executionOfName(executionId).executionId !== record.executionId) return false;
    if (nameOf(record) !== executionId) return true;
    const { store } = this.#ports;
    const inbox = await reading(this.#ports, () => store.inbox());
    if (inbox.some((entry) => entry.executionId === executionId && "id" in entry.fact && entry.fact.id === taskId))
      return true;
    const { instanceId } = record;
    const orchestration =
      current.orchestration ??
      (await Orchestration.load(instanceId, undefined, await reading(this.#ports, () => store.history()), true));
    return !orchestration.pending.children.has(taskId);
  }

  /** `isOwed`, and how often parents had purged the child when the message came: as for a start, which this may become. */
  async rewindChild(message: RewindChildMessage, purges: number, isOwed?: IsOwed): Promise<DeliveryResult> {
    const { parent, formerExecutionId, isFatal, reason, actor } = message;
    for (;;) {
      await this.#reception.catchUp();
      this.#lives.readability.check();
      const { record, current: life } = this.#lives;
      if (isSameCall(record?.parent, parent)) return ACCEPTED;
      const isOurs = isSameCall(record?.parent, { ...parent, executionId: formerExecutionId });
      const isOver = record?.status === "TERMINATED" || record?.status === "CANCELED";
      if (isFatal && (!isOurs || isOver)) return this.#starts.startAsChild(message, purges, isOwed);
      if (record === undefined || !isOurs) return GONE;
      const isDone = await (isFatal && record.status === "FAILED"
        ? this.#rewindForParent(record, life, { reason, actor }, parent)
        : this.#tellAgain(record, life, parent));
      if (isDone) return ACCEPTED;
    }
  }

  async #rewindForParent(record: InstanceRecord, life: Life, asked: Asked, parent: ParentLink): Promise<boolean> {
    return this.#rewindNow(record, life, await this.#readHistory(), asked, parent);
  }

  /** The caller waits for it under another name. Where it has ended, that goes to the caller once more. */
  async #tellAgain(record: InstanceRecord, life: Life, parent: ParentLink): Promise<boolean> {
    const after = { ...record, parent };
    if (!isTerminal(record.status)) return this.#amend(life, record, { record: after });
    const { completed } = await reading(this.#ports, () => this.#ports.store.outline(record.completedSeq));
    const send = completed?.type === "ExecutionCompleted" ? [childEnded(record.instanceId, parent, completed)] : [];
    return this.#amend(life, record, { record: after, send });
  }

  /** `parent`: by what the child knows its caller from here on. */
  #rewindNow(
    record: InstanceRecord,
    life: Life,
    history: readonly HistoryEvent[],
    asked: Asked,
    parent = record.parent,
  ): boolean | Promise<boolean> {
    const { instanceId, rewinds = 0 } = record;
    const decision = decideRewind(instanceId, history, asked, this.#ports.clock.now());
    // Another life has begun since.
    if (decision === undefined) return false;
    const { event, messages: send, dropped } = decision;
    const after = { ...record, parent, status: "RUNNING", completedSeq: undefined, rewinds: rewinds + 1 } as const;
    return this.#amend(life, record, { record: after, append: [event], send, dropped });
  }

  /** Puts it on another version of its workflow. */
  async changeVersion({ version, requestId, reason, actor }: VersionRequest): Promise<RepairResult> {
    const { registry, clock } = this.#ports;
    for (;;) {
      await this.#reception.catchUp();
      const { record, current: life } = this.#lives;
      if (record === undefined) return NOT_FOUND;
      if (life.isUnreadable) return STALLED;
      const history = await this.#history();
      if (history === undefined) return STALLED;
      if (history.some((event) => event.type === "ExecutionVersionChanged" && event.requestId === requestId)) return OK;
      if (isTerminal(record.status) || life.queue.waitsForStart)
        return { ok: false, code: "WRONG_STATUS", status: visibleStatus(record, life) };
      const versions = registry.versions(record.name);
      if (!versions.includes(version))
        return { ok: false, code: "VERSION_UNKNOWN", name: record.name, version, versions };
      if ((changedVersion(history) ?? startedVersion(history)) === version) return OK;
      const timestampMs = Math.max(clock.now(), history.at(-1)?.timestampMs ?? 0);
      const event = { type: "ExecutionVersionChanged", timestampMs, requestId, version, reason, actor } as const;
      if (await this.#amend(life, record, { record: { ...record, version }, append: [event] })) return OK;
    }
  }

  /** `undefined`: it cannot be read. */
  async #history(): Promise<HistoryEvent[] | undefined> {
    try {
      return await this.#readHistory();
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return undefined;
    }
  }

  async #readHistory(): Promise<HistoryEvent[]> {
    return reading(this.#ports, () => this.#ports.store.history());
  }

  /** False when the instance has moved on meanwhile: it is to be looked at again. */
  #amend(
    life: Life,
    seen: InstanceRecord,
    { append = [], send = [], record, dropped = [] }: Amendment,
  ): boolean | Promise<boolean> {
    const change: TurnChange = {
      append,
      send: this.#lives.covered(send, record),
      record,
      taken: [],
      recovered: dropped,
    };
    const amend = () => {
      if (life.isClosed || life.record !== seen) return false;
      this.#lives.readability.check();
      // What an ended execution has called may have been answered since.
      const sinceMs = life.outline?.lastAtMs ?? 0;
      const later = append.map((event) => ({ ...event, timestampMs: Math.max(event.timestampMs, sinceMs) }));
      this.#lives.amend({ ...change, append: later }, record, dropped);
      return true;
    };
    return writing(this.#ports, () => textsOf(change), amend);
  }
}

function startedVersion([first]: readonly HistoryEvent[]): string | undefined {
  return first?.type === "ExecutionStarted" ? first.version : undefined;
}
