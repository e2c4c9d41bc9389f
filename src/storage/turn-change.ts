import type { HistoryEvent } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { textsOfFact } from "./fact-columns.ts";
import type { InstanceRecord } from "./instance-row.ts";
import { textOfMessage } from "./outbox-table.ts";
import type { NewWebhook } from "./webhook-table.ts";

/** Everything that one turn changes. It is written whole or not at all. */
export interface TurnChange {
  readonly append: readonly HistoryEvent[];
  /** Inbox rows whose facts the turn has taken. */
  readonly taken: readonly number[];
  readonly send: readonly AddressedMessage[];
  /** The changed row of the instance; absent when it stays as it is. */
  readonly record?: InstanceRecord | undefined;
  /** Set by continue-as-new: this history takes the place of the whole former one. */
  readonly newHistory?: readonly HistoryEvent[] | undefined;
  /** Activities with a result now, of which a restart had found the call open. */
  readonly recovered?: readonly number[] | undefined;
  /** Who is to be told of it, outside. */
  readonly webhooks?: readonly NewWebhook[] | undefined;
}

/** Nothing but a few events and the instance's row. */
export function isSimple({ newHistory, taken, send, recovered = [], webhooks }: TurnChange): boolean {
  if (newHistory !== undefined || webhooks !== undefined) return false;
  return taken.length === 0 && send.length === 0 && recovered.length === 0;
}

/** All texts of a change that its store encodes: a vault has to have sealed them before. */
export function textsOf({
  append = [],
  newHistory = [],
  send = [],
  record,
  webhooks = [],
}: Partial<TurnChange>): string[] {
  const texts = [...append, ...newHistory].flatMap(textsOfFact);
  if (record?.customStatus !== undefined) texts.push(record.customStatus);
  return [...texts, ...send.map(({ message }) => textOfMessage(message)), ...webhooks.map(({ body }) => body)];
}
