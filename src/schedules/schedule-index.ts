import { type Deployed, type Deployment, deploy } from "./deployments.ts";
import type { IndexPorts } from "./ports.ts";
import type { IndexApi } from "./protocol.ts";

/** The names of all schedules, and the one place that decides which declarations hold. */
export class ScheduleIndex implements IndexApi {
  readonly #ports: IndexPorts;

  constructor(ports: IndexPorts) {
    this.#ports = ports;
  }

  async add(id: string): Promise<void> {
    this.#ports.store.add(id);
  }

  async removeName(id: string): Promise<void> {
    this.#ports.store.remove(id);
  }

  async list(after: string, limit: number): Promise<readonly string[]> {
    return this.#ports.store.list(after, limit);
  }

  /** Rejects where a schedule was not reached: whoever asks next does the rest. */
  async reconcile(asks: Deployment): Promise<void> {
    const before = this.#ports.store.deployed();
    const deployed = deploy(before, asks, this.#ports.now());
    if (deployed === undefined) return;
    if (deployed !== before) this.#ports.store.setDeployed(deployed);
    if (!deployed.isDone) await this.#tell(asks, deployed);
  }

  async #tell({ declarations }: Deployment, deployed: Deployed): Promise<void> {
    const { store, log } = this.#ports;
    for (const declaration of declarations) {
      store.add(declaration.id);
      const told = await this.#ports.schedule(declaration.id).declare(declaration, deployed.number);
      if (told.ok) continue;
      const message = "code declares a schedule whose ID has one that was made by the API: that one stays";
      log({ level: "warn", msg: "schedule", schedule: declaration.id, message });
    }
    for (const id of deployed.leaving) await this.#ports.schedule(id).undeclare(deployed.number);
    const now = store.deployed();
    if (now?.number !== deployed.number) return;
    store.setDeployed({ ...now, leaving: [], isDone: true });
    log({ level: "info", msg: "schedules declared", count: declarations.length, paused: deployed.leaving.length });
  }
}
