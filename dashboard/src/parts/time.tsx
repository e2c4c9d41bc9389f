import { useComputed } from "@preact/signals";
import { describeTime, formatRelative, formatTime, now } from "../app/times.ts";

type At = string | number;

function ms(at: At): number {
  return typeof at === "number" ? at : Date.parse(at);
}

/** The reader's own time; UTC and how long ago it was on hover. `relative` shows the latter instead. */
export function Time({ at, relative = false }: { at: At; relative?: boolean }) {
  const atMs = ms(at);
  // It renders again when its text changes, not every second.
  const text = useComputed(() => (relative ? formatRelative(atMs, now.value) : formatTime(atMs, now.value)));
  if (Number.isNaN(atMs)) return <span>{String(at)}</span>;
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      title={describeTime(atMs, Date.now())}
      onPointerEnter={(event) => {
        event.currentTarget.title = describeTime(atMs, Date.now());
      }}
    >
      {text}
    </time>
  );
}
