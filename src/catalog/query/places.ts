import type { Order, Place } from "../protocol.ts";

/** Whether `a` comes before `b` in the order of the list (below 0), or after it. */
export function comparePlaces(a: Place, b: Place, order: Order): number {
  const ascending = a.createdAtMs - b.createdAtMs || compareTexts(a.instanceId, b.instanceId);
  return order === "asc" ? ascending : -ascending;
}

/** As SQLite compares texts: by code point, which is not as JavaScript does. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let n = 0; n < length; n++) {
    const [x, y] = [a.charCodeAt(n), b.charCodeAt(n)];
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return a.length - b.length;
}

/** Halves of pairs stand for code points above all that are written without them. */
function rankOf(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** The place of a row. */
export function placeOf({ createdAtMs, instanceId }: Place): Place {
  return { createdAtMs, instanceId };
}
