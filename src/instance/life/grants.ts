import type { LeaseGrant } from "../../model/lease.ts";
import { isTerminal } from "../../model/status.ts";
import type { Lives } from "./lives.ts";
import type { Reception } from "./reception.ts";

/** Takes the leases that limiters give. What is thrown here is a reason to tell of them again. */
export class Grants {
  readonly #lives: Lives;
  readonly #reception: Reception;

  constructor(lives: Lives, reception: Reception) {
    this.#lives = lives;
    this.#reception = reception;
  }

  /** Which activities wait is known when the history has been read: by then they have been asked for anew. */
  async take(grant: LeaseGrant): Promise<readonly boolean[]> {
    const { record, current, household } = this.#lives;
    if (household.leases === undefined) return grant.leases.map(() => false);
    household.leases.look();
    if (record !== undefined && !isTerminal(record.status) && !current.isLoaded) await this.#reception.catchUp();
    return household.leases.granted(grant);
  }
}
