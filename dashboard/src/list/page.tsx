import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { onKeys } from "../app/keys.ts";
import { go, href, route, setQuery } from "../app/router.ts";
import { may } from "../app/session.ts";
import { formatTime, now } from "../app/times.ts";
import { Icon } from "../parts/icon.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { columnsOf } from "./column-names.ts";
import { CountStore } from "./counts.ts";
import { FilterBar } from "./filter-bar.tsx";
import { type Filters, readFilters } from "./filters.ts";
import { type ListStore, listOf } from "./list-store.ts";
import { clearSelection, toggle } from "./selection.ts";
import { Standings } from "./standings.tsx";
import { Nothing, Problems, Rest } from "./states.tsx";
import { Table } from "./table.tsx";
import { ColumnsMenu, ViewsMenu } from "./view-menus.tsx";

/** The list of instances. All that it shows is in its address. */
export function Page() {
  const { query } = route.value;
  const filters = readFilters(query);
  const key = JSON.stringify(filters);
  // The same again as long as the address says the same.
  const [list, counts] = useMemo(() => [listOf(filters), new CountStore(filters)] as const, [key]);
  const active = useSignal(-1);
  const search = useRef<HTMLInputElement>(null);
  useOpen(list, counts);
  useKeys(list, active, search);
  useEffect(() => {
    active.value = -1;
    clearSelection();
  }, [key]);
  const columns = columnsOf(query.get("cols"));
  return (
    <section class="page list-page">
      <div class="page-head">
        <h1>Instances</h1>
        <div class="list-tools">
          <Freshness list={list} />
          <ViewsMenu />
          <ColumnsMenu columns={columns} />
        </div>
      </div>
      <FilterBar filters={filters} search={search} />
      <Standings filters={filters} counts={counts} />
      <Problems list={list} />
      <Unseen list={list} />
      {list.hasRead.value && list.rows.value.length === 0 ? (
        <Nothing list={list} filters={filters} />
      ) : (
        <Table list={list} columns={columns} active={active} order={filters.order} onOrder={() => turnOver(filters)} />
      )}
      <Rest list={list} />
      {may("operator") && <BulkBar list={list} />}
    </section>
  );
}

function useOpen(list: ListStore, counts: CountStore): void {
  useEffect(() => {
    list.open();
    counts.refresh();
    const stop = list.version.subscribe(() => counts.refresh());
    // Another page that comes in its place is scrolled, too.
    const scrolled = () => {
      if (route.value.page === "list") list.scrollY = scrollY;
    };
    const { scrollY: before } = list;
    // Back at the place where the reader has left it.
    if (list.hasRead.value && before > 0) requestAnimationFrame(() => scrollTo(0, before));
    addEventListener("scroll", scrolled, { passive: true });
    return () => {
      removeEventListener("scroll", scrolled);
      stop();
      list.close();
      counts.close();
    };
  }, [list, counts]);
}

function useKeys(list: ListStore, active: { value: number }, search: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const move = (step: number) => {
      active.value = Math.max(0, Math.min(list.rows.value.length - 1, active.value + step));
    };
    const current = () => list.rows.value[active.value];
    return onKeys({
      "/": () => search.current?.focus(),
      j: () => move(1),
      k: () => move(-1),
      Enter: (event) => {
        // A link or a button that has the focus is what is meant.
        if (event.target instanceof Element && event.target.closest("a, button, summary") !== null)
          (event.target.closest("a, button, summary") as HTMLElement).click();
        else if (current() !== undefined) go(href("i", current()?.instanceID ?? ""));
      },
      x: () => {
        const row = current();
        if (row !== undefined) toggle(row.instanceID);
      },
      ".": () => {
        const row = current();
        if (row !== undefined && document.getElementById("bulk-actions") === null) toggle(row.instanceID);
        requestAnimationFrame(() => document.getElementById("bulk-actions")?.click());
      },
      Escape: clearSelection,
    });
  }, [list]);
}

function turnOver({ order }: Filters): void {
  setQuery({ order: order === "desc" ? "asc" : null });
}

/** Whether what is seen is what is. */
function Freshness({ list }: { list: ListStore }) {
  const { error, hasRead, readAtMs } = list;
  if (error.value !== undefined) {
    return (
      <span class="live" data-state="lost">
        {hasRead.value ? `not refreshed since ${formatTime(readAtMs.value, now.value)}` : "not read"}
      </span>
    );
  }
  return (
    <span class="live" data-state={hasRead.value ? "live" : "reading"}>
      {hasRead.value ? "live" : "reading …"}
    </span>
  );
}

function Unseen({ list }: { list: ListStore }) {
  const count = list.unseen.value;
  if (count === 0) return null;
  const show = () => {
    list.unseen.value = 0;
    scrollTo({ top: 0 });
  };
  return (
    <button type="button" class="button unseen" onClick={show}>
      <Icon name="arrow-up" size={14} /> {count} new
    </button>
  );
}
