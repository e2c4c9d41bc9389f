import type { Numbered } from "./rows.ts";
import type { WireHistory } from "./wire.ts";

type Order = "asc" | "desc";

/** A token is `<executionId>.<position>`. */
export function positionIn(token: string | undefined): number | undefined {
  return token === undefined ? undefined : Number(token.slice(token.lastIndexOf(".") + 1));
}

/** The events of a page with their numbers: the answer to a search tells them, and without one they follow from where the page begins. */
export function numberedEvents(
  { events, positions, continuationToken }: WireHistory,
  { order, from }: { readonly order: Order; readonly from: number | undefined },
): Numbered[] {
  const step = order === "asc" ? 1 : -1;
  const next = positionIn(continuationToken);
  const first = from ?? (order === "asc" ? 0 : (next ?? -1) + events.length);
  const numbered = events.map((event, n) => ({ event, position: positions?.[n] ?? first + n * step }));
  return order === "asc" ? numbered : numbered.reverse();
}

/** Both in ascending order; what is in both stands once. */
export function mergeEvents(some: readonly Numbered[], others: readonly Numbered[]): readonly Numbered[] {
  if (others.length === 0) return some;
  if (some.length === 0) return others;
  const [first, last] = [some[0]?.position ?? 0, some.at(-1)?.position ?? 0];
  if ((others[0]?.position ?? 0) > last) return [...some, ...others];
  if ((others.at(-1)?.position ?? 0) < first) return [...others, ...some];
  const all = new Map([...some, ...others].map((one) => [one.position, one]));
  return [...all.values()].sort((one, other) => one.position - other.position);
}
