import type { Turn } from "../../engine/turn.ts";
import { webhookEventOf } from "../../model/webhook-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { nameOf } from "../../storage/instance-row.ts";
import type { NewWebhook, OwedWebhook, WebhookKey } from "../../storage/instance-store.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts, WebhookPort } from "../ports.ts";
import { reading } from "../reading/index.ts";
import { webhookBody } from "./webhook-body.ts";

const NEVER = Number.POSITIVE_INFINITY;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long after each attempt that has failed the next one is made: what Standard Webhooks 1.0 advises. Then it is given up. */
export const RETRY_MS = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
] as const;
/** So long a receiver may take for its answer. */
export const ANSWER_MS = 15_000;
/** An invocation may have six connections open. */
const MOST_AT_ONCE = 4;
/** "Gone": the receiver wants no more of it. */
const GONE = 410;

/** Whose ends are told. */
export interface Notified {
  /** When to wake next may have changed. */
  atRest(): void;
}

interface Owed extends WebhookKey {
  attempts: number;
  dueAtMs: number;
  isUnderWay: boolean;
  /** It is not owed any more: its instance was purged. */
  isOver: boolean;
}

/**
 * Tells receivers outside, by webhooks, that the instance has ended or stalled: at least once, under an ID that stays the same. What is
 * to be told is a row, written in the transaction of the turn that it tells of; it goes with the answer, or when it is given up. Each
 * goes its own way: one that waits for its next attempt holds up no other.
 *
 *   owed --answer 2xx, 410, or no such receiver any more--> gone
 *   owed --anything else--> owed, due again after a pause that grows; after the tenth attempt: given up
 *
 * The object's alarm stands for the next attempt. A reuse of the ID leaves what is owed alone; a retention waits for it; a
 * purge that somebody asks for takes it with it, and the log says so.
 */
export class Notifier {
  readonly #ports: InstancePorts;
  readonly #receivers: WebhookPort;
  readonly #of: Notified;
  #owed: Owed[] = [];

  constructor(ports: InstancePorts, receivers: WebhookPort, of: Notified) {
    this.#ports = ports;
    this.#receivers = receivers;
    this.#of = of;
  }

  /** What the turn is to be told of, for its commit; `undefined`: nothing. `firstSeq`: where its first event will stand. */
  webhooksOf(turn: Turn, record: InstanceRecord, firstSeq: number): NewWebhook[] | undefined {
    let webhooks: NewWebhook[] | undefined;
    for (const [n, event] of turn.events.entries()) {
      if (event.type !== "ExecutionCompleted" && event.type !== "ExecutionStalled") continue;
      const type = webhookEventOf(event);
      if (type === undefined) continue;
      const withMessages = this.#ports.logFailureMessages !== false;
      for (const { url, includeOutput } of this.#receivers.targets(type, record.name)) {
        const body = webhookBody(type, event, record, { includeOutput, withMessages });
        webhooks ??= [];
        webhooks.push({ id: `msg_${nameOf(record)}_${firstSeq + n}`, url, body });
      }
    }
    return webhooks;
  }

  /** They have been committed. */
  added(webhooks: readonly NewWebhook[]): void {
    for (const { id, url } of webhooks) this.#owed.push(owed({ id, url, attempts: 0, dueAtMs: 0 }));
    this.sendDue();
  }

  /** Begins again with what the database holds. */
  load(): void {
    const rows = this.#ports.store.webhooks.all();
    const known = (row: WebhookKey) => this.#owed.find((other) => other.id === row.id && other.url === row.url);
    const loaded = rows.map((row) => known(row) ?? owed(row));
    const lost = this.#owed.filter((one) => !loaded.includes(one));
    for (const one of lost) one.isOver = true;
    for (const one of loaded) one.isOver = false;
    if (lost.length > 0) this.#log("warn", { dropped: lost.length });
    this.#owed = loaded;
  }

  /** A purge wipes the database: nothing of an answer is written there until it has been read again. */
  wiping(): void {
    for (const one of this.#owed) one.isOver = true;
  }

  /** Nothing of them can be read for now. */
  unreadable(): void {
    this.wiping();
    this.#owed = [];
  }

  get isOwing(): boolean {
    return this.#owed.length > 0;
  }

  get isSending(): boolean {
    return this.#owed.some(({ isUnderWay }) => isUnderWay);
  }

  /** Infinity: none waits for a time. */
  nextAttemptAtMs(): number {
    let next = NEVER;
    for (const { isUnderWay, dueAtMs } of this.#owed) if (!isUnderWay && dueAtMs < next) next = dueAtMs;
    return next;
  }

  sendDue(): void {
    const nowMs = this.#ports.clock.now();
    let underWay = this.#owed.filter(({ isUnderWay }) => isUnderWay).length;
    for (const one of this.#owed) {
      if (underWay >= MOST_AT_ONCE) return;
      if (one.isUnderWay || one.dueAtMs > nowMs) continue;
      underWay++;
      void this.#send(one);
    }
  }

  /** Never rejects. */
  async #send(one: Owed): Promise<void> {
    one.isUnderWay = true;
    let status: number | undefined;
    let failure: unknown;
    try {
      status = await this.#attempt(one);
    } catch (error) {
      failure = error;
    }
    one.isUnderWay = false;
    if (one.isOver) return this.#of.atRest();
    try {
      this.#settle(one, status, failure);
    } catch (error) {
      // The row is what it was, and so is what it has to be told.
      one.dueAtMs = this.#ports.clock.now() + this.#ports.limits.watchdogMs;
      this.#log("error", { webhookId: one.id, ...errorFields(this.#ports, error) });
    }
    this.sendDue();
    this.#of.atRest();
  }

  async #attempt({ id, url }: Owed): Promise<number | undefined> {
    const { clock, store } = this.#ports;
    const body = await reading(this.#ports, () => store.webhooks.body({ id, url }));
    if (body === undefined) return undefined;
    const controller = new AbortController();
    const late = new Error("The receiver has not answered in time.");
    const callOff = clock.schedule(ANSWER_MS, () => controller.abort(late));
    try {
      return await this.#receivers.send({ url, id, body, atMs: clock.now(), signal: controller.signal });
    } finally {
      callOff();
    }
  }

  #settle(one: Owed, status: number | undefined, failure: unknown): void {
    const { store, clock } = this.#ports;
    const pauseMs = RETRY_MS[one.attempts];
    const why = failure === undefined ? { status } : errorFields(this.#ports, failure);
    const line = { webhookId: one.id, host: this.#receivers.hostOf(one.url), attempt: one.attempts + 1, ...why };
    const isTaken = status !== undefined && status >= 200 && status < 300;
    const isUnwanted = status === GONE || (status === undefined && failure === undefined);
    if (isTaken || isUnwanted || pauseMs === undefined) {
      store.webhooks.settled(one);
      this.#owed = this.#owed.filter((other) => other !== one);
      if (isUnwanted) this.#log("warn", { ...line, outcome: status === GONE ? "gone" : "no such receiver" });
      else if (!isTaken) this.#log("error", { ...line, outcome: "given up" });
      return;
    }
    const dueAtMs = clock.now() + pauseMs;
    store.webhooks.putOff({ ...one, attempts: one.attempts + 1, dueAtMs });
    one.attempts++;
    one.dueAtMs = dueAtMs;
    this.#log("warn", { ...line, retryInMs: pauseMs });
  }

  #log(level: "warn" | "error", fields: object): void {
    this.#ports.log({ level, msg: "webhook", instanceId: this.#ports.instanceId(), ...fields });
  }
}

function owed({ id, url, attempts, dueAtMs }: OwedWebhook): Owed {
  return { id, url, attempts, dueAtMs, isUnderWay: false, isOver: false };
}
