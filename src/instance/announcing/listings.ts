import type { InstanceRecord, Listing } from "../../storage/instance-row.ts";
import type { Flights } from "./flights.ts";

type FormerLife = Parameters<Flights["shardOf"]>[0] & Pick<InstanceRecord, "createdAtMs">;

/** For a new life, in the place of the former one if there is one. */
export function firstListing(
  flights: Pick<Flights, "numbers" | "shardOf">,
  shard: string,
  former: FormerLife | undefined,
): Listing {
  flights.numbers.saw(former?.listing?.seq);
  const seq = flights.numbers.next();
  if (former === undefined) return { shard, seq };
  return { shard, seq, former: { createdAtMs: former.createdAtMs, shard: flights.shardOf(former) } };
}

/** For a row that is written anyway. */
export function nextListing(flights: Flights, record: InstanceRecord): Listing {
  flights.numbers.saw(record.listing?.seq);
  const former = flights.toldOf(record) === undefined ? record.listing?.former : undefined;
  return { shard: flights.shardOf(record), seq: flights.numbers.next(), ...(former && { former }) };
}
