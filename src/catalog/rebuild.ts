import type { Announced, CatalogShard, CatalogSource, Presence } from "../model/catalog-entry.ts";
import { type Schedule, within } from "./patience.ts";

/*
 * Rebuild: what shards have lost comes back from the instances, for IDs that are known from elsewhere. An instance that is there is
 * announced to the shard that it names, so a rebuild may be repeated, and stopped anywhere.
 */

export interface RebuildPorts {
  source(instanceId: string): CatalogSource;
  shard(name: string): Pick<CatalogShard, "announce">;
  readonly schedule: Schedule;
}

export interface Rebuilt {
  /** Instances that are in the catalog now, as they say. */
  readonly present: number;
  /** IDs that have no instance. */
  readonly absent: number;
  /** What could not be asked or announced: ask for these again. */
  readonly failed: readonly string[];
}

/** An invocation of the Free plan may make 50 calls, and an instance takes two. */
export const MOST_REBUILT = 20;
const PATIENCE_MS = 10_000;

type Outcome = "present" | "absent" | "failed";

/** At most `MOST_REBUILT` IDs at a time. */
export async function rebuild(instanceIds: readonly string[], ports: RebuildPorts): Promise<Rebuilt> {
  if (instanceIds.length > MOST_REBUILT)
    throw new RangeError(`rebuild: expected at most ${MOST_REBUILT} instance IDs, found ${instanceIds.length}`);
  const outcomes = await Promise.all(instanceIds.map((instanceId) => rebuildOne(instanceId, ports)));
  const count = (of: Outcome) => outcomes.filter((outcome) => outcome === of).length;
  const failed = instanceIds.filter((_, n) => outcomes[n] === "failed");
  return { present: count("present"), absent: count("absent"), failed };
}

async function rebuildOne(instanceId: string, ports: RebuildPorts): Promise<Outcome> {
  const presence = await within(ports.schedule, PATIENCE_MS, () => ports.source(instanceId).presence());
  if (presence?.type !== "present") return presence?.type === "absent" ? "absent" : "failed";
  const announced = await within(ports.schedule, PATIENCE_MS, () => announce(presence, ports));
  return isThere(announced) ? "present" : "failed";
}

function announce({ entry, seq, shard }: Presence & { type: "present" }, ports: RebuildPorts): Promise<Announced> {
  return ports.shard(shard).announce({ entry, seq });
}

/** A shard that has something newer of it has not lost it. */
function isThere(announced: Announced | undefined): boolean {
  if (announced === undefined) return false;
  return announced.ok || (announced.code === "STALE" && "entry" in announced.held);
}
