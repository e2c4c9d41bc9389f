import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { OwedTelling } from "../../storage/instance-store.ts";
import { within } from "../patience.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import { type Flights, PATIENCE_MS } from "./flights.ts";
import { depart } from "./telling.ts";

/** The life that is about to be wiped. */
export type Leaving = Pick<InstanceRecord, "createdAtMs" | "listing">;

/**
 * Tells the shards of a life that goes, and of the one before it where nobody has heard that that has gone. Returns those that could
 * not be told in time.
 */
export async function tellDeparture(
  ports: InstancePorts,
  catalog: CatalogPort,
  { numbers }: Flights,
  { createdAtMs, listing }: Leaving,
  former: OwedTelling | undefined,
): Promise<OwedTelling[]> {
  const instanceId = ports.instanceId();
  const shard = listing?.shard ?? catalog.firstShardOf(instanceId);
  const tell = async (how: "leave" | "forget", life: OwedTelling) => {
    const told = async () => {
      await depart(
        catalog.shard(life.shard),
        how,
        { instanceId, createdAtMs: life.createdAtMs, seq: life.seq },
        numbers,
      );
      return true;
    };
    const isTold = await within((ms, callback) => ports.clock.schedule(ms, callback), PATIENCE_MS, told);
    return isTold === true ? [] : [life];
  };
  const left = await Promise.all([
    tell("leave", { createdAtMs, shard, seq: numbers.next() }),
    former === undefined ? [] : tell("forget", former),
  ]);
  return left.flat();
}
