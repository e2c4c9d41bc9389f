import type { HistoryEvent } from "../model/history-event.ts";

/** Which events of a history are wanted, and from which end. */
export interface HistorySearch {
  /** Default "asc". */
  readonly order?: "asc" | "desc" | undefined;
  /** The number of the event to begin with, counted from 0. Default: the first in this order. */
  readonly from?: number | undefined;
  readonly limit: number;
  /** How many characters their texts have together, unless the first has more. Default: those that one answer of the object holds. */
  readonly maxLength?: number | undefined;
  /** Events of these types. */
  readonly types?: readonly string[] | undefined;
  /** Events that have this text in one of their texts. */
  readonly contains?: string | undefined;
}

export interface HistoryFound {
  readonly events: HistoryEvent[];
  /** Of a search, which leaves some out: the number of each. */
  readonly positions?: number[] | undefined;
  /** The number of the event to go on with; `undefined`: there are no more. */
  readonly next?: number | undefined;
  /** Whether the search was given up before it had found as many as are wanted. */
  readonly isCut: boolean;
}

/** An event where it lies: it is decoded when it is asked for. */
export interface StoredCell {
  /** Its number. */
  readonly seq: number;
  readonly type: string;
  /** Of its texts, in characters. */
  readonly length: number;
  /** `false` leaves out what is in `payload`. */
  read(payload?: boolean): HistoryEvent;
}

/** A page goes over in one answer of the object, which holds 32 MiB. */
const MAX_PAGE_LENGTH = 8 * 1024 * 1024;
/** So many events, and so many characters, are looked at for one page, so that none takes long where few events fit. */
const MAX_LOOKED_AT = 10_000;
const MAX_LOOKED_AT_LENGTH = 4 * MAX_PAGE_LENGTH;

/**
 * At most `limit` of the events that are wanted, fewer when they are long, and one at least, or as many as are found in so many.
 * `cells`: from the one to begin with, in the order that is wanted; nothing beyond what is needed is asked for.
 */
export function searchCells(cells: Iterable<StoredCell>, search: HistorySearch): HistoryFound {
  const { limit, maxLength = MAX_PAGE_LENGTH, types, contains } = search;
  const events: HistoryEvent[] = [];
  const positions: number[] = [];
  const found = types === undefined && contains === undefined ? { events } : { events, positions };
  let lookedAt = 0;
  let lookedAtLength = 0;
  let length = 0;
  for (const cell of cells) {
    if (events.length === limit) return { ...found, next: cell.seq, isCut: false };
    if (lookedAt === MAX_LOOKED_AT || (lookedAt > 0 && lookedAtLength + cell.length > MAX_LOOKED_AT_LENGTH))
      return { ...found, next: cell.seq, isCut: true };
    lookedAt++;
    lookedAtLength += cell.length;
    if (types?.includes(cell.type) === false) continue;
    if (events.length > 0 && length + cell.length > maxLength) return { ...found, next: cell.seq, isCut: false };
    const event = cell.read();
    if (contains !== undefined && !hasText(event, contains)) continue;
    length += cell.length;
    events.push(event);
    positions.push(cell.seq);
  }
  return { ...found, isCut: false };
}

/** Whether one of its texts has it: what it is of and what was given, and not what type it is. */
function hasText({ type: _, ...rest }: HistoryEvent, text: string): boolean {
  return isIn(rest, text);
}

function isIn(value: unknown, text: string): boolean {
  if (typeof value === "string") return value.includes(text);
  return typeof value === "object" && value !== null && Object.values(value).some((inner) => isIn(inner, text));
}
