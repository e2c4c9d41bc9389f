import { computed, signal } from "@preact/signals";

/** Which rows a bulk job is for: those that were ticked, or all that the filter finds, also those that nobody has scrolled to. */
export const ticked = signal<ReadonlySet<string>>(new Set());
export const isAllOfFilter = signal(false);
export const hasSelection = computed(() => isAllOfFilter.value || ticked.value.size > 0);

export function toggle(id: string): void {
  const next = new Set(ticked.value);
  if (!next.delete(id)) next.add(id);
  isAllOfFilter.value = false;
  ticked.value = next;
}

export function tick(ids: readonly string[]): void {
  isAllOfFilter.value = false;
  ticked.value = new Set(ids);
}

export function tickAllOfFilter(): void {
  isAllOfFilter.value = true;
  ticked.value = new Set();
}

export function clearSelection(): void {
  isAllOfFilter.value = false;
  ticked.value = new Set();
}
