import { changedVersion } from "../../engine/replay.ts";
import { childrenToStart, rerunHistory } from "../../engine/rerun.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import type { AddressedMessage } from "../../model/message.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { textsOf } from "../../storage/instance-store.ts";
import type { InstancePorts } from "../ports.ts";
import type { RerunPage, RerunRequest, RerunResult } from "../protocol.ts";
import { writing } from "../reading/index.ts";
import type { Gate } from "./gate.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";

const OK = { ok: true } as const;

type Page = Extract<RerunPage, { ok: true }>;

/**
 * Begins an instance with what another one has done. The new one asks the source for its history, page by page, and writes it in one
 * transaction, with the messages to the children that are open in it: nothing is there before all of it is, and what is lost on the
 * way leaves nothing behind. Until then it is in memory, as the history of any instance is that runs.
 */
export class Reruns {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #purges: Purges;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate, purges: Purges) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
    this.#purges = purges;
  }

  async rerun(request: RerunRequest): Promise<RerunResult> {
    while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
    if (this.#isDone(request)) return OK;
    const read = await this.#read(request);
    if (!read.ok) return read;
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      if (this.#isDone(request)) return OK;
      if (this.#lives.record !== undefined) return { ok: false, code: "ALREADY_EXISTS" };
      if (await this.#create(request, read)) return OK;
    }
  }

  #isDone({ requestId }: RerunRequest): boolean {
    return (this.#lives.record ?? this.#purges.last)?.startRequestId === requestId;
  }

  /** All that it begins with, as one page. */
  async #read(request: RerunRequest): Promise<RerunPage> {
    const { sourceInstanceId, eventId, newChildWorkflowInstanceId, input, createdByMs } = request;
    const source = this.#ports.peer(sourceInstanceId);
    const asked = { eventId, newChildWorkflowInstanceId, hasInput: input !== undefined, createdByMs };
    let page = await source.readForRerun({ ...asked, from: 0 });
    if (!page.ok) return page;
    const events = [...page.events];
    const { count, executionId } = page;
    while (events.length < count) {
      page = await source.readForRerun({ ...asked, from: events.length, executionId, count });
      if (!page.ok) return page;
      if (page.events.length === 0) return { ok: false, code: "CHANGED" };
      for (const event of page.events) events.push(event);
    }
    return { ...page, events };
  }

  /** False when something has come between. */
  async #create(request: RerunRequest, page: Page): Promise<boolean> {
    const { record, history, send } = this.#begin(request, page);
    const sealed = await Promise.all(history.map((event) => this.#withSealedProgress(event)));
    const first = sealed as [HistoryEvent, ...HistoryEvent[]];
    const create = () => {
      if (this.#lives.record !== undefined || this.#gate.shutForStartsBy !== undefined) return false;
      this.#lives.begin(record, first, undefined, send);
      return true;
    };
    return writing(this.#ports, () => textsOf({ append: history, send }), create);
  }

  #begin(
    request: RerunRequest,
    { events, retentionMs }: Page,
  ): { record: InstanceRecord; history: readonly HistoryEvent[]; send: readonly AddressedMessage[] } {
    const { sourceInstanceId, eventId, input, newChildWorkflowInstanceId, requestId } = request;
    const { traceparent, reason, actor } = request;
    const instanceId = this.#ports.instanceId();
    const executionId = this.#ports.newId();
    const nowMs = this.#ports.clock.now();
    const started = { traceparent, reason, actor };
    const ids = { sourceInstanceId, instanceId, executionId, newChildWorkflowInstanceId };
    const history = rerunHistory(events, { ...ids, nowMs, eventId, input, started });
    const [first] = history;
    const { name = "", searchAttributes } = first.type === "ExecutionStarted" ? first : {};
    const record: InstanceRecord = {
      instanceId,
      name,
      status: eventId === 0 ? "PENDING" : "RUNNING",
      executionId,
      generation: 0,
      version: changedVersion(history),
      createdAtMs: nowMs,
      startRequestId: requestId,
      searchAttributes,
      retentionMs,
    };
    return { record, history, send: this.#lives.covered(childrenToStart(history, instanceId), record) };
  }

  async #withSealedProgress(event: HistoryEvent): Promise<HistoryEvent> {
    const { vault } = this.#ports;
    if (vault === undefined || (event.type !== "TaskScheduled" && event.type !== "TaskFailed")) return event;
    return event.progress === undefined ? event : { ...event, progress: await vault.seal(event.progress) };
  }
}
