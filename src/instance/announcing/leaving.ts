import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { OwedTelling } from "../../storage/instance-store.ts";
import { within } from "../patience.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import { type Flights, PATIENCE_MS } from "./flights.ts";
import { depart } from "./telling.ts";

export type Leaving = Pick<InstanceRecord, "createdAtMs" | "listing">;

/**
 * A life is about to be wiped, and its shard is told before; and of the life before it, if no shard may have heard that this one
 * took its place. Returns what is to be told afterwards: what could not be told in time, and what is owed to others.
 */
export async function leave(
  ports: InstancePorts,
  catalog: CatalogPort,
  flights: Flights,
  { createdAtMs, listing }: Leaving,
): Promise<readonly OwedTelling[]> {
  const { debts, numbers } = flights;
  const instanceId = ports.instanceId();
  const shard = listing?.shard ?? catalog.firstShardOf(instanceId);
  const former = flights.toldOf({ createdAtMs }) === undefined ? listing?.former : undefined;
  flights.giveUp();
  numbers.saw(listing?.seq);
  const before = former && { ...former, seq: numbers.next() };
  const own = { createdAtMs, shard, seq: numbers.next() };
  const others = debts.all.filter((telling) => !isSameLife(telling, own) && !isSameLife(telling, before));
  /** `undefined`: not in time. */
  const tell = (how: "leave" | "forget", { createdAtMs, shard, seq }: OwedTelling): Promise<true | undefined> =>
    within(
      (ms, callback) => ports.clock.schedule(ms, callback),
      PATIENCE_MS,
      async (): Promise<true> => {
        await depart(catalog.shard(shard), how, { instanceId, createdAtMs, seq }, numbers);
        return true;
      },
    );
  const [isTold, isFormerTold] = await Promise.all([tell("leave", own), before && tell("forget", before)]);
  return [...others, ...(isTold ? [] : [own]), ...(before === undefined || isFormerTold ? [] : [before])];
}

function isSameLife(a: OwedTelling, b: OwedTelling | undefined): boolean {
  return a.createdAtMs === b?.createdAtMs && a.shard === b.shard;
}
