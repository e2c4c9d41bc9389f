import { setQuery } from "../app/router.ts";
import { StatusChip } from "../parts/status-chip.tsx";
import type { CountStore } from "./counts.ts";
import { type Filters, STANDINGS, toggled } from "./filters.ts";

/** How many there are of each, and a press on one shows these. */
export function Standings({ filters, counts }: { filters: Filters; counts: CountStore }) {
  const known = counts.counts.value;
  const total = counts.total.value;
  return (
    <fieldset class="standings">
      <legend class="hidden-text">Status</legend>
      <button
        type="button"
        class="standing"
        aria-pressed={filters.is.length === 0}
        onClick={() => setQuery({ is: null })}
      >
        All <Count count={total} isExact={counts.isExact.value} />
      </button>
      {STANDINGS.map((standing) => {
        const count = known[standing] ?? (total === undefined ? undefined : 0);
        const isOn = filters.is.includes(standing);
        return (
          <button
            key={standing}
            type="button"
            class="standing"
            data-none={count === 0 && !isOn ? "" : undefined}
            aria-pressed={isOn}
            onClick={() => setQuery({ is: toggled(filters.is, standing) })}
          >
            <StatusChip standing={standing} />
            {(count !== 0 || isOn) && <Count count={count} isExact={counts.isExact.value} />}
          </button>
        );
      })}
    </fieldset>
  );
}

function Count({ count, isExact }: { count: number | undefined; isExact: boolean }) {
  if (count === undefined) return <span class="standing-count">…</span>;
  return (
    <span class="standing-count">
      {short(count)}
      {isExact ? "" : "+"}
    </span>
  );
}

/** `12,345`, `1.2 M`: it has to fit. */
export function short(count: number): string {
  if (count < 100_000) return count.toLocaleString("en");
  return count < 1_000_000 ? `${Math.round(count / 1_000)} k` : `${(count / 1_000_000).toFixed(1)} M`;
}
