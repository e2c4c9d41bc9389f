// What has to hold of instances that are kept for a time: none goes before its time, and none stays.
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { retentionOf } from "../../../src/model/retention.ts";
import { isTerminal, type RuntimeStatus } from "../../../src/model/status.ts";
import type { Host } from "../instance/host.ts";
import { replayed } from "../instance/support.ts";
import type { Point, World } from "../instance/world.ts";
import type { Plan } from "./plan.ts";
import type { Watch } from "./watch.ts";

/** After its time, until an alarm of a shard has told it to go. */
const MARGIN_MS = 600_000;

interface Kept {
  readonly createdAtMs: number;
  /** When it goes at the earliest; `undefined`: it stays. */
  readonly untilMs: number | undefined;
}

export class KeptWatch {
  /** Whose time was over. */
  readonly gone = new Set<string>();
  readonly #world: World;
  readonly #watch: Watch;
  readonly #plan: Plan;
  readonly #before = new Map<string, Kept>();

  constructor(world: World, watch: Watch, plan: Plan) {
    this.#world = world;
    this.#watch = watch;
    this.#plan = plan;
    world.retention = plan.retention;
    watch.purgeBegins();
  }

  at(point: Point, id: string): void {
    if (point !== "committed") return;
    const host = this.#world.host(id);
    const now = this.#keptOf(host);
    const before = this.#before.get(id);
    if (now !== undefined) return void this.#before.set(id, now);
    this.#before.delete(id);
    if (this.#mayGoAtOnce(id)) return void this.gone.add(id);
    if (before === undefined) return;
    this.gone.add(id);
    const { untilMs } = before;
    // It may have ended by a clock that was slow, and have gone by one that is fast.
    if (untilMs === undefined || untilMs > this.#world.nowMs + 2 * this.#plan.faults.skewMs)
      this.#watch.violations.push(`${id}: went at ${this.#world.nowMs}, and was to stay until ${untilMs}`);
  }

  /** Kept for no time, or for less than its clock jumps, it is gone with the commit of its end, and perhaps of its start. */
  #mayGoAtOnce(id: string): boolean {
    const { retention = {}, roots, faults } = this.#plan;
    const root = roots.find((one) => one.id === id);
    const own = [root, ...(root?.operations ?? [])].map((one) => one && "retentionMs" in one && one.retentionMs);
    return [...Object.values(retention), ...own].some((ms) => typeof ms === "number" && ms <= 2 * faults.skewMs);
  }

  #keptOf(host: Host): Kept | undefined {
    const [row] = host.db.read<{ status: RuntimeStatus; at: number; kept: number | null }>(
      "SELECT type AS status, at_ms AS at, detail ->> '$.retentionMs' AS kept FROM instance WHERE seq = -1",
    );
    if (row === undefined) return undefined;
    const keptMs = isTerminal(row.status)
      ? (row.kept ?? retentionOf(this.#plan.retention ?? {}, row.status))
      : undefined;
    const endedAtMs = keptMs === undefined ? 0 : endOf(host.history());
    return { createdAtMs: row.at, untilMs: keptMs === undefined ? undefined : endedAtMs + keptMs };
  }

  /** Once its time has long been over. */
  faults(): string[] {
    const faults: string[] = [];
    for (const [id, host] of this.#world.hosts) {
      const untilMs = this.#keptOf(host)?.untilMs;
      if (untilMs !== undefined && untilMs + MARGIN_MS < this.#world.nowMs)
        faults.push(`${id}: was to go at ${untilMs}, and is there at ${this.#world.nowMs}`);
    }
    return faults;
  }
}

function endOf(history: readonly HistoryEvent[]): number {
  return replayed(history).find(({ type }) => type === "ExecutionCompleted")?.timestampMs ?? 0;
}
