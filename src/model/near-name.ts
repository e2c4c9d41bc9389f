/** Longer names are not compared: what is near to them nobody has typed. */
const MAX_LENGTH = 64;
/** How many names a message lists. */
const MOST_LISTED = 20;

/** Of the known names the one that was probably meant: the same in another case, a few letters away, or a part of the other. */
export function nearName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  if (wanted === "" || wanted.length > MAX_LENGTH) return undefined;
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH) continue;
    const other = candidate.toLowerCase();
    const edits = distance(wanted, other);
    if (edits < least && edits <= Math.floor(Math.min(wanted.length, other.length) / 3))
      [nearest, least] = [candidate, edits];
  }
  return nearest ?? longestPart(wanted, known);
}

/** `, did you mean retry?`, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearName(name, known);
  return near === undefined ? "" : `, did you mean ${near}?`;
}

/** `a, b, c`, the nearest to `name` first, and how many more there are beyond 20. */
export function listNames(known: readonly string[], name?: string): string {
  if (known.length === 0) return "none";
  const near = name === undefined ? undefined : nearName(name, known);
  const sorted = near === undefined ? known : [near, ...known.filter((other) => other !== near)];
  const listed = sorted.slice(0, MOST_LISTED).map((other) => (other.length > 128 ? `${other.slice(0, 128)}…` : other));
  const more = known.length - listed.length;
  return listed.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function longestPart(wanted: string, known: readonly string[]): string | undefined {
  const candidates = known.filter((candidate) => {
    const other = candidate.toLowerCase();
    return Math.min(wanted.length, other.length) >= 4 && (wanted.includes(other) || other.includes(wanted));
  });
  return candidates.reduce<string | undefined>(
    (longest, other) => (longest === undefined || other.length > longest.length ? other : longest),
    undefined,
  );
}

/** Letters put in, left out, replaced, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (before[column - 2] ?? 0) + 1);
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[b.length] ?? 0;
}
