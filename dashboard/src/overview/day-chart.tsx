import { href } from "../app/router.ts";
import { type Day, dayAfter, GROUPS, type Group, marksTo } from "./figures.ts";

export const WORDS: Readonly<Record<Group, string>> = {
  completed: "completed",
  open: "not ended",
  failed: "failed",
  ended: "canceled or terminated",
};

/** A column for each day, which opens the list of that day. */
export function DayChart({ days }: { days: readonly Day[] }) {
  const marks = marksTo(Math.max(...days.map(({ total }) => total)));
  const top = marks.at(-1) || 1;
  return (
    <figure class="chart">
      <div class="chart-marks" aria-hidden="true">
        {marks.toReversed().map((mark) => (
          <span key={mark}>{short(mark)}</span>
        ))}
      </div>
      <div class="chart-days">
        {days.map((day) => (
          <a
            key={day.day}
            class="chart-day"
            href={href("list", { createdAfter: day.day, createdBefore: dayAfter(day.day) })}
            title={textOf(day)}
          >
            <svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <Column day={day} top={top} />
            </svg>
            <span class="hidden-text">{textOf(day)}</span>
            <span class="chart-label" aria-hidden="true">
              {labelOf(day.day)}
            </span>
          </a>
        ))}
      </div>
      <figcaption class="legend">
        {GROUPS.map((group) => (
          <span key={group} data-group={group}>
            <i aria-hidden="true" /> {WORDS[group]}
          </span>
        ))}
        <span class="quiet">by the day of their start, in UTC</span>
      </figcaption>
    </figure>
  );
}

function Column({ day: { counts }, top }: { day: Day; top: number }) {
  let y = 100;
  return GROUPS.map((group) => {
    const height = (counts[group] / top) * 100;
    y -= height;
    return height === 0 ? null : <rect key={group} data-group={group} x="1" width="8" y={y} height={height} />;
  });
}

export function textOf({ day, counts, total }: Day): string {
  const parts = GROUPS.filter((group) => counts[group] > 0).map((group) => `${counts[group]} ${WORDS[group]}`);
  return total === 0 ? `${day}: none started` : `${day}: ${total} started, ${parts.join(", ")}`;
}

/** A bar of one line: the parts of a whole. */
export function ShareBar({ counts, total }: Pick<Day, "counts" | "total">) {
  let x = 0;
  return (
    <svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {GROUPS.map((group) => {
        const width = total === 0 ? 0 : (counts[group] / total) * 100;
        x += width;
        return <rect key={group} data-group={group} x={x - width} width={width} height="6" />;
      })}
    </svg>
  );
}

const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function labelOf(day: string): string {
  return DAYS.format(Date.parse(day));
}

const NUMBERS = new Intl.NumberFormat("en", { notation: "compact" });

/** `12K`. */
export function short(number: number): string {
  return NUMBERS.format(number);
}
