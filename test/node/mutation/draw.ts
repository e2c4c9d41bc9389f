// Which mutants are tried: those of a seed, in its order, until as many as wanted have passed the type checker.
import { Random } from "../random.ts";

/** A mutant as StrykerJS describes it. Lines and columns count from 0. */
export interface Place {
  readonly id: string;
  readonly fileName: string;
  readonly location: { readonly start: Position; readonly end: Position };
  readonly mutatorName: string;
  readonly replacement: string;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Drawn {
  /** IDs of those to be tried. */
  readonly drawn: ReadonlySet<string>;
  /** By ID, what the type checker says against those that were drawn in vain. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Each mutant is as likely as any other. The order in which they are handed over does not matter. */
export async function draw(
  mutants: readonly Place[],
  { seed, wanted }: { readonly seed: number; readonly wanted: number },
  refusal: (mutant: Place) => Promise<string | undefined>,
): Promise<Drawn> {
  const random = new Random(seed);
  const left = mutants.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const drawn = new Set<string>();
  const refused = new Map<string, string>();
  while (left.length > 0 && drawn.size < wanted) {
    for (const mutant of left.splice(random.below(left.length), 1)) {
      const reason = await refusal(mutant);
      if (reason === undefined) drawn.add(mutant.id);
      else refused.set(mutant.id, reason);
    }
  }
  return { drawn, refused };
}

/** IDs are given anew in each run; what a mutant is and where it stands is the same. */
function keyOf({ fileName, location: { start, end }, mutatorName, replacement }: Place): string {
  const places = [start.line, start.column, end.line, end.column].map((n) => String(n).padStart(6, "0"));
  return [fileName, ...places, mutatorName, replacement].join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The text with the mutant in place of what it replaces. */
export function mutate(text: string, { location, replacement }: Pick<Place, "location" | "replacement">): string {
  return text.slice(0, offsetOf(text, location.start)) + replacement + text.slice(offsetOf(text, location.end));
}

/** What the mutant replaces. */
export function original(text: string, { location }: Pick<Place, "location">): string {
  return text.slice(offsetOf(text, location.start), offsetOf(text, location.end));
}

function offsetOf(text: string, { line, column }: Position): number {
  const before = text.split("\n").slice(0, line);
  return before.reduce((length, { length: ofLine }) => length + ofLine + 1, column);
}
