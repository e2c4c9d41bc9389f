import { useComputed } from "@preact/signals";
import { formatDuration, now } from "../app/times.ts";

/** From one time to another; without `to` it runs. */
export function Duration({ from, to }: { from: string | number; to?: string | number | undefined }) {
  const fromMs = new Date(from).getTime();
  const toMs = to === undefined ? undefined : new Date(to).getTime();
  const text = useComputed(() => formatDuration((toMs ?? now.value) - fromMs));
  return <span class="duration">{toMs === undefined ? text : formatDuration(toMs - fromMs)}</span>;
}
