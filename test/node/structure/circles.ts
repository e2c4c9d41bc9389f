import type { Source } from "./source.ts";

/**
 * Circles of imports, types among them: for each file that is in one the shortest through it, each circle once, as
 * `a.ts -> b.ts -> a.ts`, with the file that comes first in the alphabet first.
 */
export function circlesOf(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  const ways = sources.flatMap(({ path }) => shortestWayBack(path, imports));
  return [...new Set(ways.map(fromTheFirst))].sort();
}

/** The files on the way, beginning with the file itself: one way, or none. */
function shortestWayBack(start: string, imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const imported of imports.get(way.at(-1) ?? "") ?? []) {
      if (imported === start) return [way];
      if (seen.has(imported)) continue;
      seen.add(imported);
      ways.push([...way, imported]);
    }
  }
  return [];
}

function fromTheFirst(circle: readonly string[]): string {
  const first = circle.indexOf([...circle].sort()[0] ?? "");
  const turned = [...circle.slice(first), ...circle.slice(0, first)];
  return [...turned, turned[0]].join(" -> ");
}
