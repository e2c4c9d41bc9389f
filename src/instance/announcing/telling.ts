import type { Announcement, CatalogEntry, CatalogShard, Departure } from "../../model/catalog-entry.ts";
import { isSameEntry } from "./entry.ts";
import type { Numbers } from "./numbers.ts";

/** A shard that knows something newer has it from this instance: so often at most it is told again, each time with a newer number. */
const MOST_TRIES = 4;

/** What is told, of which life. */
interface Told {
  readonly entry: CatalogEntry;
  readonly former: Announcement["former"];
  /** What the code waits for is not known: whatever the shard has of this life is as good. */
  readonly isPartial: boolean;
  /** Asked before it is told again. */
  isOver(): boolean;
}

/** Returns the number under which the shard has it. Rejects when it has not. `invalid` is told of what no shard will ever take. */
export async function announce(
  shard: CatalogShard,
  { entry, former, isPartial, isOver }: Told,
  first: number,
  numbers: Numbers,
  invalid: (message: string) => void,
): Promise<number> {
  let seq = first;
  for (let tries = 1; ; tries++) {
    const answer = await shard.announce({ entry, seq, former });
    if (answer.ok) return seq;
    if (answer.code === "INVALID") {
      invalid(answer.message);
      return seq;
    }
    const { held } = answer;
    numbers.saw(held.seq);
    if ("entry" in held && (isPartial || isSameEntry(held.entry, entry))) return held.seq;
    if (tries === MOST_TRIES || isOver()) throw new Error("The catalog knows something newer of this instance.");
    seq = numbers.next();
  }
}

/** Tells that a life goes, or has gone. Rejects when the shard has not heard it. */
export async function depart(
  shard: CatalogShard,
  how: "leave" | "forget",
  departure: Departure,
  numbers: Numbers,
): Promise<void> {
  let { seq } = departure;
  for (let tries = 1; ; tries++) {
    const answer = await shard[how]({ ...departure, seq });
    if (answer.ok || answer.code === "INVALID" || "gone" in answer.held) return;
    numbers.saw(answer.held.seq);
    if (tries === MOST_TRIES) throw new Error("The catalog knows something newer of this instance.");
    seq = numbers.last();
  }
}
