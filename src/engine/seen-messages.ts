import type { HistoryEvent } from "../model/history-event.ts";
import { messageKeyOf } from "./records.ts";

/** A client repeats a request within seconds. What was taken longer ago, or before so many others, is forgotten. */
const REMEMBERED_MS = 60_000;
const REMEMBERED_MESSAGES = 1_000;
/** An instance sends until it is answered, also after a time in which it, or its receiver, could not be reached. */
const SENDER_REMEMBERED_MS = 86_400_000;
const REMEMBERED_SENDERS = 500;

/**
 * The raises and updates that an execution has taken: one that comes again counts once. An execution knows all of its own.
 * Of those before a continue-as-new it knows the latest requests and, for each execution that has sent it events, the
 * highest number: a sender's messages come in order, the next when the last is acknowledged (`Outbox`).
 */
export class SeenMessages {
  readonly #takenAtMs = new Map<string, number>();
  readonly #highest = new Map<string, number>();

  has(key: string): boolean {
    if (this.#takenAtMs.has(key)) return true;
    const sent = this.#highest.size === 0 ? undefined : sentBy(key);
    return sent !== undefined && sent.number <= (this.#highest.get(sent.executionId) ?? -1);
  }

  /** An event of the history: what it is of, or what the executions before have taken, as `recent` told it. */
  record(event: HistoryEvent): void {
    if (event.type === "ExecutionStarted") this.#carry(event.recentMessages ?? {});
    const key = messageKeyOf(event);
    if (key !== undefined) this.#takenAtMs.set(key, event.timestampMs);
  }

  #carry(recent: Readonly<Record<string, number>>): void {
    for (const [key, takenAtMs] of Object.entries(recent)) {
      this.#takenAtMs.set(key, takenAtMs);
      const sent = sentBy(key);
      if (sent !== undefined)
        this.#highest.set(sent.executionId, Math.max(sent.number, this.#highest.get(sent.executionId) ?? 0));
    }
  }

  /** What the next execution has to know, or the next run under the same ID: when each was taken, by its key. */
  recent(nowMs: number): Record<string, number> {
    const requests: [string, number][] = [];
    const senders = new Map<string, { key: string; takenAtMs: number; number: number }>();
    for (const [key, takenAtMs] of this.#takenAtMs) {
      const sent = sentBy(key);
      if (sent === undefined) {
        if (takenAtMs > nowMs - REMEMBERED_MS) requests.push([key, takenAtMs]);
      } else if (takenAtMs > nowMs - SENDER_REMEMBERED_MS) {
        const { executionId, number } = sent;
        const other = senders.get(executionId);
        // Those heard of last come last. Events that were carried over are recorded behind what was taken after them.
        senders.delete(executionId);
        senders.set(executionId, other !== undefined && other.number > number ? other : { key, takenAtMs, number });
      }
    }
    return Object.fromEntries([
      ...[...senders.values()].slice(-REMEMBERED_SENDERS).map(({ key, takenAtMs }) => [key, takenAtMs] as const),
      ...requests.slice(-REMEMBERED_MESSAGES),
    ]);
  }
}

/** `<execution>:<call>`, as `Messages` names what an execution sends. */
function sentBy(key: string): { executionId: string; number: number } | undefined {
  const [, executionId, number] = /^(?!update:)(.+):(\d+)$/.exec(key) ?? [];
  return executionId === undefined ? undefined : { executionId, number: Number(number) };
}
