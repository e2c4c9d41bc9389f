/*
 * The difference of two texts by lines, as the reader of an edited input wants it: what stays, what goes, what comes.
 */

export interface DifferenceLine {
  readonly type: "same" | "removed" | "added";
  readonly text: string;
}

/** Beyond this many pairs of lines that are compared, what is between the same beginning and the same end counts as changed. */
const MOST_PAIRS = 4_000_000;

export function differenceOf(before: string, after: string): DifferenceLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [
    ...linesOf("same", a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...linesOf("same", a.slice(a.length - end)),
  ];
}

/** By the longest common subsequence. Of what is changed in one place, what goes stands before what comes. */
function middle(a: readonly string[], b: readonly string[]): DifferenceLine[] {
  if (a.length * b.length > MOST_PAIRS) return [...linesOf("removed", a), ...linesOf("added", b)];
  const width = b.length + 1;
  // lengths[i * width + j]: of the longest subsequence that a from i on and b from j on have in common.
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const found: DifferenceLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push({ type: "same", text: a[i] ?? "" });
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) found.push({ type: "removed", text: a[i++] ?? "" });
    else found.push({ type: "added", text: b[j++] ?? "" });
  }
  return [...found, ...linesOf("removed", a.slice(i)), ...linesOf("added", b.slice(j))];
}

function linesOf(type: DifferenceLine["type"], texts: readonly string[]): DifferenceLine[] {
  return texts.map((text) => ({ type, text }));
}
