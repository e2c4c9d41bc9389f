import { Task } from "./task.ts";

/** No value for a payload converter is looked at beyond so many objects. */
const MAX_OBJECTS = 1_000_000;

type Path = readonly (string | number)[];

/**
 * The first task within a value, and the way to it. For payload converters: they get every value first, copy what they do not
 * know field by field, and a task has none. No getter is called; what cannot be read is for the converter to say.
 */
export function taskWithin(value: unknown): { readonly task: Task; readonly path: Path } | undefined {
  const seen = new Set<unknown>();
  const open: { readonly value: unknown; readonly path: Path }[] = [{ value, path: [] }];
  for (let next = open.pop(); next !== undefined && seen.size < MAX_OBJECTS; next = open.pop()) {
    if (typeof next.value !== "object" || next.value === null || seen.has(next.value)) continue;
    seen.add(next.value);
    const { path } = next;
    try {
      if (next.value instanceof Task) return { task: next.value, path };
      // Taken from the end: the first member last.
      for (const [key, member] of membersOf(next.value).reverse()) open.push({ value: member, path: [...path, key] });
    } catch {
      // A revoked proxy, for instance.
    }
  }
  return undefined;
}

function membersOf(value: object): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((member, n) => [n, member]);
  if (value instanceof Map) return [...value].flat().map((member, n) => [n, member]);
  if (value instanceof Set) return [...value].map((member, n) => [n, member]);
  if (ArrayBuffer.isView(value)) return [];
  return Object.keys(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key)?.value]);
}
