import type { CatalogEntry } from "../../model/catalog-entry.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import { Tally, type Totals } from "../../model/totals.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import { entryOf, type Subject } from "./entry.ts";

/**
 * What the instance adds to the metrics of all: made from its history, of which memory remembers how far it has been read. Nothing is
 * written for it but what a continue-as-new takes out of the history, which goes into the instance's row.
 */
export class Counter {
  readonly #ports: InstancePorts;
  /** Of the execution that it was last asked for. */
  #known: { readonly executionId: string; readonly tally: Tally } | undefined;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  /** As the database has it; a copy. */
  totalsOf(record: InstanceRecord): Totals {
    const entries = Object.entries(this.#tallyOf(record).totals);
    return Object.fromEntries(entries.map(([kind, value]) => [kind, [...value]]));
  }

  /** What the executions so far have added, for the row of the one that follows. `last`: what the turn that continues as new has appended. */
  carriedOn(before: InstanceRecord, last: readonly HistoryEvent[]): Totals {
    const tally = this.#tallyOf(before);
    for (const event of last) tally.add(event);
    // The commit may fail.
    this.#known = undefined;
    return tally.totals;
  }

  /** These events are in the history, the first of them at `seq`: what memory has followed from the beginning need not be read. */
  committed({ executionId, totals }: InstanceRecord, seq: number, events: readonly HistoryEvent[]): void {
    if (seq === 0) this.#known = { executionId, tally: new Tally(totals) };
    const known = this.#known;
    if (known?.executionId !== executionId || known.tally.seen !== seq) return;
    for (const event of events) known.tally.add(event);
  }

  #tallyOf({ executionId, totals }: InstanceRecord): Tally {
    const { store } = this.#ports;
    let known = this.#known;
    if (known?.executionId !== executionId) known = { executionId, tally: new Tally(totals) };
    this.#known = undefined;
    const { seen } = known.tally;
    if (seen < store.nextHistorySeq) for (const { event } of store.skimHistory(seen, false)) known.tally.add(event);
    this.#known = known;
    return known.tally;
  }
}

/** What the catalog is told of a life: what a list shows, and what it adds to the metrics, where that is counted. */
export async function tellableEntry(
  ports: InstancePorts,
  counter: Counter | undefined,
  life: Subject,
  begun: InstanceRecord,
): Promise<CatalogEntry> {
  const entry = await entryOf(ports, life, begun);
  // The history is that of the execution which the instance is in by now.
  const { record } = life;
  if (counter === undefined || record === undefined || life.unreadable !== undefined) return entry;
  return record.createdAtMs === entry.createdAtMs ? { ...entry, totals: counter.totalsOf(record) } : entry;
}
