import { replayOrder } from "../engine/rewind.ts";
import type { ExecutionStalled, HistoryEvent } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";
import { searchCells } from "../storage/history-search.ts";
import { type InstanceRecord, nameOf } from "../storage/instance-row.ts";
import type {
  HistoryFound,
  HistorySearch,
  InboxEntry,
  InstanceStorage,
  NewWebhook,
  OutboxEntry,
  OwedTelling,
  OwedWebhook,
  TurnChange,
  WebhookKey,
} from "../storage/instance-store.ts";

/** What InstanceStore keeps in tables, in memory: the same contract (test/node/storage/memory-store.test.ts compares them), without SQL. */
export class MemoryStore implements InstanceStorage {
  #record: InstanceRecord | undefined;
  #history: HistoryEvent[] = [];
  #inbox: InboxEntry[] = [];
  #outbox: OutboxEntry[] = [];
  readonly #formerChildren = new Map<string, string>();
  readonly #recoveries = new Map<number, { count: number; progress: string | undefined }>();
  #tellings: OwedTelling[] = [];
  #webhooks: (OwedWebhook & NewWebhook)[] = [];
  #nextInboxSeq = 0;
  #nextOutboxSeq = 0;

  /** Nothing is held back in memory. */
  flush(): void {}

  load(): InstanceRecord | undefined {
    return this.#record;
  }

  create(
    record: InstanceRecord,
    first: HistoryEvent | readonly HistoryEvent[],
    dueAtMs: number | undefined,
    _flushFollows = false,
    send: readonly AddressedMessage[] = [],
  ): ReturnType<InstanceStorage["create"]> {
    const webhooks = this.#webhooks;
    this.tellings.wipeBut(this.#tellings);
    this.#webhooks = webhooks;
    this.#record = record;
    const events = "type" in first ? [first] : first;
    if (dueAtMs === undefined) this.#history.push(...events);
    const inbox = dueAtMs === undefined ? [] : events;
    const waiting = inbox.map((fact) => this.#receive(fact.type === "ExecutionStarted" ? { fact, dueAtMs } : { fact }));
    return { waiting, sent: this.#send(send) };
  }

  receive(entry: Omit<InboxEntry, "seq">): InboxEntry {
    return this.#receive(entry);
  }

  commit(change: TurnChange): OutboxEntry[] {
    if (change.newHistory !== undefined) this.#continueAsNew(change.newHistory);
    else this.#history.push(...change.append);
    if (change.taken.length > 0) this.#inbox = this.#inbox.filter(({ seq }) => !change.taken.includes(seq));
    for (const taskId of change.recovered ?? []) this.#recoveries.delete(taskId);
    if (change.record !== undefined) this.#record = change.record;
    for (const webhook of change.webhooks ?? []) {
      this.webhooks.settled(webhook);
      this.#webhooks.push({ ...webhook, attempts: 0, dueAtMs: 0 });
    }
    return this.#send(change.send);
  }

  #send(messages: readonly AddressedMessage[]): OutboxEntry[] {
    const sent = messages.map((message) => ({ ...message, seq: this.#nextOutboxSeq++ }));
    this.#outbox.push(...sent);
    return sent;
  }

  get nextHistorySeq(): number {
    return this.#history.length;
  }

  history(): HistoryEvent[] {
    return [...this.#history];
  }

  historyPage(from: number, limit: number): HistoryEvent[] {
    return this.#history.slice(from, from + limit);
  }

  searchHistory(search: HistorySearch): HistoryFound {
    const isBack = search.order === "desc";
    const { from = isBack ? this.#history.length - 1 : 0 } = search;
    const cells = this.#history.map((event, seq) => ({ seq, type: event.type, length: 0, read: () => event }));
    const wanted = cells.filter(({ seq }) => (isBack ? seq <= from : seq >= from));
    return searchCells(isBack ? wanted.reverse() : wanted, search);
  }

  skimHistory(from = 0): ReturnType<InstanceStorage["skimHistory"]> {
    return this.#history
      .map((event, seq) => ({ seq, event }))
      .slice(from)
      .values();
  }

  sizes(): ReturnType<InstanceStorage["sizes"]> {
    const historyBytes = new TextEncoder().encode(JSON.stringify(this.#history)).byteLength;
    return { historyEvents: this.#history.length, historyBytes };
  }

  outline(completedSeq: number | undefined): ReturnType<InstanceStorage["outline"]> {
    return {
      first: this.#history[0],
      completed: completedSeq === undefined ? undefined : this.#history[completedSeq],
      lastAtMs: this.#history.at(-1)?.timestampMs,
    };
  }

  timeOf(seq: number): number | undefined {
    return this.#history[seq]?.timestampMs;
  }

  kin(): ReturnType<InstanceStorage["kin"]> {
    if (this.#record === undefined) return {};
    const { name, createdAtMs, parent, version, searchAttributes, retentionMs, listing } = this.#record;
    return { name, createdAtMs, parent, version, searchAttributes, retentionMs, listing };
  }

  readonly tellings = {
    all: (): OwedTelling[] => this.#tellings.toSorted((a, b) => a.createdAtMs - b.createdAtMs),
    owe: (telling: OwedTelling): void => {
      this.tellings.told(telling);
      this.#tellings.push(telling);
    },
    told: ({ createdAtMs, shard }: OwedTelling): void => {
      this.#tellings = this.#tellings.filter((other) => other.createdAtMs !== createdAtMs || other.shard !== shard);
    },
    wipeBut: (left: readonly OwedTelling[]): void => {
      this.wipe();
      this.#tellings = [...left];
    },
  };

  readonly webhooks = {
    all: (): OwedWebhook[] => this.#webhooks.map(({ body: _, ...owed }) => owed).sort((a, b) => (a.id < b.id ? -1 : 1)),
    body: ({ id, url }: WebhookKey): string | undefined => this.#webhooks.find(isAt(id, url))?.body,
    putOff: (webhook: OwedWebhook): void => {
      const isMeant = isAt(webhook.id, webhook.url);
      this.#webhooks = this.#webhooks.map((other) => (isMeant(other) ? { ...other, ...webhook } : other));
    },
    settled: ({ id, url }: WebhookKey): void => {
      const isMeant = isAt(id, url);
      this.#webhooks = this.#webhooks.filter((other) => !isMeant(other));
    },
  };

  lastStall(): ExecutionStalled | undefined {
    const last = this.#history.at(-1);
    return last?.type === "ExecutionStalled" ? last : undefined;
  }

  inbox(): InboxEntry[] {
    return [...this.#inbox];
  }

  outbox(): OutboxEntry[] {
    return [...this.#outbox];
  }

  get hasDelivered(): boolean {
    return this.#outbox.length === 0;
  }

  acknowledge(seq: number, reply: Omit<InboxEntry, "seq"> | undefined): InboxEntry | undefined {
    this.#outbox = this.#outbox.filter((entry) => entry.seq !== seq);
    return reply && this.#receive(reply);
  }

  hasOpenWork(status: RuntimeStatus): boolean {
    if (status === "PENDING" || status === "STALLED" || this.#inbox.length + this.#outbox.length > 0) return true;
    if (status === "TERMINATED") return false;
    const open = new Set<number>();
    for (const event of replayOrder(this.#history)?.map((step) => step.event) ?? this.#history) {
      if (event.type === "TaskScheduled") open.add(event.id);
      if (event.type === "TimerCreated" && !isTerminal(status)) open.add(event.id);
      if (event.type === "TaskCompleted" || event.type === "TaskFailed" || event.type === "TimerFired")
        open.delete(event.id);
    }
    return open.size > 0;
  }

  formerChildren(): { instanceId: string; executionId: string }[] {
    // In the order of their IDs, as a table with that key gives them.
    const former = [...this.#formerChildren].map(([instanceId, executionId]) => ({ instanceId, executionId }));
    return former.sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  }

  children(): string[] {
    const current = this.#history.flatMap((event) =>
      event.type === "ChildWorkflowInstanceCreated" ? [event.instanceId] : [],
    );
    return [...new Set([...this.formerChildren().map(({ instanceId }) => instanceId), ...current])];
  }

  recoveries(): Map<number, { count: number; progress: string | undefined }> {
    return new Map(this.#recoveries);
  }

  countRecovery(taskIds: readonly number[]): void {
    for (const taskId of taskIds) {
      const { count = 0, progress } = this.#recoveries.get(taskId) ?? {};
      this.#recoveries.set(taskId, { count: count + 1, progress });
    }
  }

  saveProgress(taskId: number, progress: string): void {
    this.#recoveries.set(taskId, { count: this.#recoveries.get(taskId)?.count ?? 0, progress });
  }

  /** As if there had never been an instance. */
  wipe(): void {
    this.#record = undefined;
    this.#history = [];
    this.#inbox = [];
    this.#outbox = [];
    this.#tellings = [];
    this.#webhooks = [];
    this.#formerChildren.clear();
    this.#recoveries.clear();
    this.#nextInboxSeq = this.#nextOutboxSeq = 0;
  }

  #receive(entry: Omit<InboxEntry, "seq">): InboxEntry {
    const received = { ...entry, seq: this.#nextInboxSeq++ };
    // An inbox holds facts: the time is that of the turn that takes them.
    const { timestampMs: _, ...fact } = { timestampMs: 0, ...entry.fact };
    this.#inbox.push({ ...received, fact });
    return received;
  }

  #continueAsNew(newHistory: readonly HistoryEvent[]): void {
    const executionId = this.#record === undefined ? "" : nameOf(this.#record);
    for (const event of this.#history) {
      if (event.type === "ChildWorkflowInstanceCreated") this.#formerChildren.set(event.instanceId, executionId);
    }
    this.#history = [...newHistory];
    this.#recoveries.clear();
  }
}

function isAt(id: string, url: string): (webhook: WebhookKey) => boolean {
  return (webhook) => webhook.id === id && webhook.url === url;
}
