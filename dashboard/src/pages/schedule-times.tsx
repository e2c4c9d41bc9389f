import { formatRelative, now } from "../app/times.ts";
import { type Column, Table } from "./table.tsx";

/** In the reader's zone and in the schedule's, side by side, where they are two. */
export function Times({ times, timeZone, title }: { times: readonly string[]; timeZone: string; title: string }) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const columns: Column<string>[] = [
    { title: `Your time (${own})`, cell: (time) => <time dateTime={time}>{clock(time, own)}</time> },
  ];
  if (timeZone !== own) columns.push({ title: timeZone, cell: (time) => clock(time, timeZone) });
  columns.push({ title: "In", cell: (time) => formatRelative(Date.parse(time), now.value).replace(/^in /, "") });
  return (
    <section>
      <h2>{title}</h2>
      {times.length === 0 ? (
        <p class="quiet">None: it does not come again.</p>
      ) : (
        <Table label={title} columns={columns} rows={times} keyOf={(time) => time} />
      )}
    </section>
  );
}

/** `Mon 30 Nov, 02:30`, as a clock on the wall has it there; the year where it is another, the seconds where there are some. */
export function clock(time: string, timeZone: string): string {
  const atMs = Date.parse(time);
  const isOtherYear = new Date(atMs).getUTCFullYear() !== new Date().getUTCFullYear();
  try {
    return new Intl.DateTimeFormat("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      year: isOtherYear ? "numeric" : undefined,
      hour: "2-digit",
      minute: "2-digit",
      second: atMs % 60_000 === 0 ? undefined : "2-digit",
      hourCycle: "h23",
      timeZone,
    }).format(atMs);
  } catch {
    // A zone that this browser does not know.
    return time;
  }
}
