/**
 * The least text that is greater than all that begin with `prefix`, as SQLite compares: by UTF-8, which is by code point.
 * `undefined` where there is none. So a prefix is a range, which an index can read, of any length.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (letter) => letter.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Between the two lie the halves of pairs, which are no code points.
  points.push(last >= 0xd7ff && last < 0xe000 ? 0xe000 : last + 1);
  return String.fromCodePoint(...points);
}
