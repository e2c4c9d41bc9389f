import type { InstanceTables } from "./instance-tables.ts";
import { deleteTelling, dropAllTables, type OwedTelling, readTellings, writeTelling } from "./telling-table.ts";

/** What shards of the catalog have not been told yet: a part of InstanceStore. */
export class Tellings {
  readonly #tables: InstanceTables;

  constructor(tables: InstanceTables) {
    this.#tables = tables;
  }

  all(): OwedTelling[] {
    const { tellings } = this.#tables;
    return tellings === undefined ? [] : readTellings(tellings);
  }

  owe(telling: OwedTelling): void {
    this.#tables.transaction(() => writeTelling(this.#tables.db, telling));
    this.#tables.haveTelling = true;
  }

  told(telling: OwedTelling): void {
    const { tellings } = this.#tables;
    if (tellings === undefined) return;
    this.#tables.haveTelling = this.#tables.transaction(() => deleteTelling(tellings, telling));
  }

  /** A purge, which leaves behind what could not be told: the instance is gone, and nothing else of it is left. */
  wipeBut(left: readonly OwedTelling[]): void {
    this.#tables.transaction(() => {
      dropAllTables(this.#tables.db);
      for (const telling of left) writeTelling(this.#tables.db, telling);
    });
    this.#tables.removed();
    this.#tables.haveTelling = left.length > 0;
  }
}
