import type { CatalogSource, Departure, Presence } from "../../model/catalog-entry.ts";
import { isTerminal } from "../../model/status.ts";
import type { Gate } from "./gate.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";
import type { Reception } from "./reception.ts";

/** What the catalog is answered. What is thrown here is a reason to ask again. */
export class CatalogAnswers implements CatalogSource {
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #purges: Purges;
  readonly #reception: Reception;

  constructor(lives: Lives, gate: Gate, purges: Purges, reception: Reception) {
    this.#lives = lives;
    this.#gate = gate;
    this.#purges = purges;
    this.#reception = reception;
  }

  async presence(): Promise<Presence> {
    const { announcer } = this.#lives.household;
    if (announcer === undefined) throw new Error("This Worker has no catalog.");
    if (this.#gate.shutBy !== undefined) return { type: "leaving" };
    const { record, current } = this.#lives;
    // What its code waits for is known when that has been run.
    if (record !== undefined && !isTerminal(record.status) && !current.isLoaded) await this.#reception.catchUp();
    return this.#gate.shutBy === undefined ? announcer.presence() : { type: "leaving" };
  }

  /** While somebody waits for its end, or is being told of it, it stays; so it does while an activity is open, loaded or not. */
  async expire({ createdAtMs, seq }: Departure): Promise<Presence> {
    const { record, household } = this.#lives;
    const presence = await this.presence();
    const isMeant = presence.type === "present" && presence.seq === seq && presence.entry.createdAtMs === createdAtMs;
    const isNeeded = household.isBusy || household.isNotifying || household.retention.isAwaited;
    const mayGo = record !== undefined && isTerminal(record.status) && !isNeeded && household.retention.mayGo(record);
    if (!isMeant || !mayGo || household.ports.store.hasOpenWork(record.status)) return presence;
    return (await this.#purges.expire(record)) ? { type: "absent" } : this.presence();
  }
}
