import type { Departure } from "../../model/catalog-entry.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { OwedTelling } from "../../storage/instance-store.ts";
import { within } from "../patience.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import type { Counter } from "./counter.ts";
import { type Flights, PATIENCE_MS } from "./flights.ts";
import { depart } from "./telling.ts";

/** The life that is about to be wiped. */
export interface Leaving extends Pick<InstanceRecord, "createdAtMs" | "listing"> {
  /** What can be read of it. */
  readonly record?: InstanceRecord | undefined;
}

/**
 * Tells the shards of a life that goes, and of the one before it where nobody has heard that that has gone. Returns what is to be told
 * afterwards: what could not be told in time, and what is owed to others.
 */
export async function tellDeparture(
  ports: InstancePorts,
  catalog: CatalogPort,
  flights: Flights,
  life: Leaving,
): Promise<OwedTelling[]> {
  const { createdAtMs, listing } = life;
  const { debts, numbers, counter } = flights;
  const counted = counter && life.record && lastOf(counter, life.record);
  const instanceId = ports.instanceId();
  const shard = listing?.shard ?? catalog.firstShardOf(instanceId);
  const isFormerListed = listing?.former !== undefined && !flights.isTold(life);
  numbers.saw(listing?.seq);
  const former = isFormerListed ? { ...listing.former, seq: numbers.last() } : undefined;
  flights.giveUp();
  const tell = async (how: "leave" | "forget", telling: OwedTelling) => {
    const key = { instanceId, createdAtMs: telling.createdAtMs, seq: telling.seq };
    const departure = how === "leave" && counted !== undefined ? { ...key, counted } : key;
    const told = async () => {
      await depart(catalog.shard(telling.shard), how, departure, numbers);
      return true;
    };
    const isTold = await within((ms, callback) => ports.clock.schedule(ms, callback), PATIENCE_MS, told);
    return isTold === true ? [] : [telling];
  };
  const left = await Promise.all([
    tell("leave", { createdAtMs, shard, seq: numbers.last() }),
    former === undefined ? [] : tell("forget", former),
  ]);
  const isOf = (telling: OwedTelling) =>
    telling.createdAtMs === createdAtMs || telling.createdAtMs === former?.createdAtMs;
  return [...debts.all.filter((telling) => !isOf(telling)), ...left.flat()];
}

/** What the first announcement of the next life, at `shard`, does not tell of is owed. True: there is such a thing. */
export function oweReplaced(flights: Flights, shard: string, former: InstanceRecord): boolean {
  const { debts, numbers } = flights;
  const { createdAtMs, listing } = former;
  const before = flights.toldOf(former) === undefined ? listing?.former : undefined;
  const isElsewhere = flights.shardOf(former) !== shard;
  if (isElsewhere) debts.add({ createdAtMs, shard: flights.shardOf(former), seq: numbers.last() });
  if (before !== undefined) debts.add({ ...before, seq: numbers.last() });
  return isElsewhere || before !== undefined;
}

/** No purge waits for what cannot be read. */
function lastOf(counter: Counter, record: InstanceRecord): Departure["counted"] {
  try {
    return { workflowName: record.name, totals: counter.totalsOf(record) };
  } catch {
    return undefined;
  }
}
