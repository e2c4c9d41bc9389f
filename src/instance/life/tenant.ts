import type { TaskCompleted, TaskFailed } from "../../model/history-event.ts";
import type { ActivityRun } from "../activities/index.ts";
import type { Announcer } from "../announcing/index.ts";
import type { Leaseholder, Leases } from "../leasing/index.ts";
import type { Burst } from "../waking/index.ts";
import type { Life } from "./life.ts";
import type { TurnLoop } from "./turn-loop.ts";

interface House {
  readonly burst: Burst;
  readonly leases: Leases | undefined;
  readonly announcer: Announcer | undefined;
  activityEnded(run: ActivityRun, result: TaskCompleted | TaskFailed): void;
  atRest(): void;
}

/** The household, as its leases know it. */
export class Tenant implements Leaseholder {
  readonly #house: House;
  readonly #lives: { readonly loop: TurnLoop };

  constructor(house: House, lives: { readonly loop: TurnLoop }) {
    this.#house = house;
    this.#lives = lives;
  }

  get life(): Life {
    return this.#lives.loop.life;
  }

  get burst(): Burst {
    return this.#house.burst;
  }

  activityEnded(run: ActivityRun, result: TaskCompleted | TaskFailed): void {
    this.#house.activityEnded(run, result);
  }

  leaseChanged(isOfWorkflow: boolean): void {
    const { leases, announcer } = this.#house;
    leases?.look();
    if (isOfWorkflow && !this.life.hasEnded) this.#lives.loop.run();
    this.#house.atRest();
    announcer?.look();
  }
}
