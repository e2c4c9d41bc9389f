import type { HistoryFact } from "../model/history-event.ts";
import { readPayload, type StoredPayload } from "./chunk-table.ts";
import { columnsOf, type FactColumns, factFrom, isKnownType } from "./fact-forms.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { UnreadableError } from "./unreadable-error.ts";
import type { TextCodec } from "./vault.ts";

/** A row holds an event that this code does not know: newer code wrote it. */
export class UnknownEventError extends UnreadableError {
  override readonly name = "UnknownEventError";
  constructor(what: string) {
    super(
      `The history holds ${what}, which this version of edge-workflows does not know. Newer code must have written it.`,
    );
  }
}

/** All that `toStoredColumns` encodes. */
export function textsOfFact(fact: HistoryFact): string[] {
  const { payload } = toColumns(fact);
  const texts = payload === null ? [] : [payload];
  if (hasReasonInDetail(fact) && fact.reason !== undefined) texts.push(fact.reason);
  return texts;
}

/** As it is stored: what may be secret is encoded. */
export function toStoredColumns(fact: HistoryFact, codec: TextCodec): FactColumns {
  const isTold = hasReasonInDetail(fact) && fact.reason !== undefined;
  const columns = toColumns(isTold ? { ...fact, reason: codec.encode(fact.reason) } : fact);
  return { ...columns, payload: columns.payload === null ? null : codec.encode(columns.payload) };
}

type FactAskedFor = Extract<
  HistoryFact,
  { type: "ExecutionStarted" | "EventRaised" | "UpdateRequested" | "ExecutionTerminated" }
>;
const REASON_IN_DETAIL: ReadonlySet<string> = new Set<FactAskedFor["type"]>([
  "ExecutionStarted",
  "EventRaised",
  "UpdateRequested",
  "ExecutionTerminated",
]);

/** Why somebody asked for it stands beside the payload, which is another text. (That of a stall is one of our own words.) */
function hasReasonInDetail(fact: HistoryFact): fact is FactAskedFor {
  return REASON_IN_DETAIL.has(fact.type);
}

export function toColumns(fact: HistoryFact): FactColumns {
  return columnsOf(fact.type, fact);
}

/** A row with one fact, of the history or the inbox. */
export type FactRow = FactColumns &
  StoredPayload & { seq: number; version: number; [column: string]: string | number | null };

/** Throws UnknownEventError when newer code has written it, UnreadableError when another key has encrypted it. */
export function readFact(db: SqlDatabase, codec: TextCodec, owner: "history" | "inbox", row: FactRow): HistoryFact {
  checkVersion(row.version);
  return fromColumns(row, row.chunks === null ? row.payload : readPayload(db, owner, row.seq, row), codec);
}

/** Throws UnknownEventError unless this is the version of the rows that this code writes. */
export function checkVersion(version: number, what = "an event"): void {
  if (version !== 1) throw new UnknownEventError(`${what} of version ${version}`);
}

/** `stored`: the whole payload, as it is stored. */
export function fromColumns(
  columns: Omit<FactColumns, "payload">,
  stored: string | null,
  codec: TextCodec,
): HistoryFact {
  const payload = stored === null ? undefined : codec.decode(stored);
  const { type } = columns;
  const detail = columns.detail === null ? {} : JSON.parse(columns.detail);
  if (!isKnownType(type)) throw new UnknownEventError(`an event of type '${type}'`);
  if (detail.reason !== undefined && REASON_IN_DETAIL.has(type)) detail.reason = codec.decode(detail.reason);
  return factFrom(type, columns, payload, detail);
}
