import { useEffect, useMemo, useState } from "preact/hooks";
import { apiFetch, at, errorOf } from "../app/api.ts";
import { href, route, setQuery } from "../app/router.ts";
import { formatDuration } from "../app/times.ts";
import { Empty } from "../parts/empty.tsx";
import { Failed, messageOf } from "../parts/failed.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Time } from "../parts/time.tsx";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import type { Feed } from "./feed.ts";
import { type HistoryFilter, HistoryPages } from "./history-pages.ts";
import {
  groupedRows,
  type HistoryRow,
  type Numbered,
  type Outcome,
  type RowKind,
  rawRows,
  summaryOf,
} from "./model/rows.ts";
import { BranchTag, download } from "./parts.tsx";

/** Event by event, or one row for each thing that was done; from the end, and live. What is looked for stands in the address. */
export function History({ feed }: { feed: Feed }) {
  const { query } = route.value;
  const filter: HistoryFilter = {
    order: query.get("order") === "asc" ? "asc" : "desc",
    types: query.get("types") ?? undefined,
    contains: query.get("contains") ?? undefined,
    onlyFailures: query.get("only") === "failures",
  };
  const key = JSON.stringify([filter, feed.executions.value]);
  const [pages, setPages] = useState<HistoryPages | undefined>(undefined);
  useEffect(() => {
    const read = new HistoryPages(feed, filter);
    setPages(read);
    return () => read.close();
  }, [feed, key]);
  return (
    <section class="card instance-card">
      <Tools feed={feed} filter={filter} isRaw={query.get("rows") === "raw"} />
      {pages !== undefined && <Rows feed={feed} pages={pages} filter={filter} isRaw={query.get("rows") === "raw"} />}
    </section>
  );
}

const TYPES: readonly (readonly [string, string])[] = [
  ["", "All events"],
  ["TaskScheduled,TaskCompleted,TaskFailed", "Activities"],
  ["TimerCreated,TimerFired", "Timers"],
  ["EventRaised,EventSent,ChildEventSent", "Events"],
  [
    "ChildWorkflowInstanceCreated,ChildWorkflowInstanceCompleted,ChildWorkflowInstanceFailed,ChildCancelRequested,ChildEventSent,DetachedWorkflowScheduled",
    "Children",
  ],
  ["UpdateRequested,UpdateCompleted,UpdateFailed", "Updates"],
  [
    "ExecutionStarted,ExecutionSuspended,ExecutionResumed,ExecutionCancelRequested,ExecutionTerminated,ExecutionStalled,ExecutionUnstalled,ExecutionRewound,ExecutionVersionChanged,ExecutionCompleted",
    "The instance itself",
  ],
];

function Tools({ feed, filter, isRaw }: { feed: Feed; filter: HistoryFilter; isRaw: boolean }) {
  const { order, types = "", contains = "", onlyFailures } = filter;
  const isNamed = TYPES.some(([value]) => value === types);
  return (
    <div class="history-tools">
      <form
        class="history-search"
        onSubmit={(event) => {
          event.preventDefault();
          setQuery({ contains: String(new FormData(event.currentTarget).get("contains") ?? "") });
        }}
      >
        <label class="hidden-text" htmlFor="history-contains">
          Text in an event
        </label>
        <input
          id="history-contains"
          name="contains"
          class="input"
          type="search"
          placeholder="Text in an event"
          key={contains}
          defaultValue={contains}
        />
        <button type="submit" class="button" aria-label="Search">
          <Icon name="search" />
        </button>
      </form>
      <label>
        <span class="hidden-text">Which events</span>
        <select
          class="input"
          value={types}
          disabled={onlyFailures}
          onChange={(event) => setQuery({ types: event.currentTarget.value })}
        >
          {TYPES.map(([value, text]) => (
            <option key={text} value={value}>
              {text}
            </option>
          ))}
          {!isNamed && <option value={types}>{types}</option>}
        </select>
      </label>
      <label class="instance-check">
        <input
          type="checkbox"
          checked={onlyFailures}
          onChange={(event) => setQuery({ only: event.currentTarget.checked ? "failures" : undefined })}
        />
        Only failures
      </label>
      <label class="instance-check">
        <input
          type="checkbox"
          checked={!isRaw}
          onChange={(event) => setQuery({ rows: event.currentTarget.checked ? undefined : "raw" }, { replace: true })}
        />
        Grouped
      </label>
      <label class="instance-check">
        <input
          type="checkbox"
          checked={order === "desc"}
          onChange={(event) => setQuery({ order: event.currentTarget.checked ? undefined : "asc" })}
        />
        Newest first
      </label>
      <Download feed={feed} />
    </div>
  );
}

/** The whole history as the test kit, and `edge-workflows replay`, read it. */
function Download({ feed }: { feed: Feed }) {
  const [state, setState] = useState<"idle" | "busy" | string>("idle");
  const start = async () => {
    setState("busy");
    try {
      const response = await apiFetch(at.workflows(feed.id, "history"), { query: { format: "jsonl" } });
      if (!response.ok) throw await errorOf(response);
      download(`${feed.id.replace(/[^A-Za-z0-9_-]/g, "_")}.jsonl`, await response.blob());
      setState("idle");
    } catch (error) {
      setState(`It could not be downloaded: ${messageOf(error)}`);
    }
  };
  return (
    <span>
      <button
        type="button"
        class="button"
        disabled={state === "busy"}
        title="A file that replayHistory and `edge-workflows replay` read"
        onClick={start}
      >
        <Icon name="download" /> {state === "busy" ? "Downloading …" : "Download"}
      </button>
      {state !== "idle" && state !== "busy" && <span role="alert"> {state}</span>}
    </span>
  );
}

function Rows({
  feed,
  pages,
  filter,
  isRaw,
}: {
  feed: Feed;
  pages: HistoryPages;
  filter: HistoryFilter;
  isRaw: boolean;
}) {
  const all = pages.events.value;
  const { events, held, release } = useHeld(all, filter.order);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => {
    const ascending = isRaw ? rawRows(events) : groupedRows(events);
    return filter.order === "desc" ? ascending.reverse() : ascending;
  }, [events, isRaw, filter.order]);
  const isFiltered = filter.types !== undefined || filter.contains !== undefined || filter.onlyFailures;
  const startedMs = feed.moment.value?.startedMs;
  const more = () => {
    if (pages.hasMore.value && !pages.isLoading.value) void pages.more();
  };
  if (pages.error.value !== undefined && rows.length === 0)
    return <Failed error={pages.error.value} what="The history" onRetry={() => void pages.more()} />;
  if (rows.length === 0 && !pages.isLoading.value && !pages.hasMore.value) {
    return (
      <Empty title={isFiltered ? "No event fits" : "Nothing has happened yet"} icon="list">
        {isFiltered && (
          <p>
            <a href={href("i", feed.id, { tab: "history" })}>Show all events</a>
          </p>
        )}
      </Empty>
    );
  }
  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <div class="history">
      {held > 0 && (
        <button type="button" class="button history-held" onClick={release}>
          <Icon name="arrow-up" size={14} /> {held.toLocaleString("en")} newer {held === 1 ? "event" : "events"}
        </button>
      )}
      <VirtualRows
        count={rows.length}
        estimate={37}
        role="list"
        keyOf={(index) => rows[index]?.key ?? index}
        // A search goes on when it is asked to: it may have looked at much, and found little.
        onEnd={pages.searchedTo.value === undefined ? more : undefined}
      >
        {(index) => {
          const row = rows[index];
          return row === undefined ? null : (
            <RowView
              row={row}
              id={feed.id}
              startedMs={startedMs}
              isRaw={isRaw}
              isOpen={opened.has(row.key)}
              onToggle={() => toggle(row.key)}
            />
          );
        }}
      </VirtualRows>
      <footer class="history-end">
        {pages.isLoading.value && <span class="quiet">Loading …</span>}
        {pages.error.value !== undefined && <span role="alert">{messageOf(pages.error.value)}</span>}
        {!pages.isLoading.value && pages.hasMore.value && (
          <button type="button" class="button" onClick={more}>
            {pages.searchedTo.value === undefined
              ? "Load more"
              : `Searched up to event ${pages.searchedTo.value.toLocaleString("en")}: go on`}
          </button>
        )}
        {!pages.isLoading.value && !pages.hasMore.value && pages.error.value === undefined && (
          <span class="quiet">{filter.order === "desc" ? "That is where it began." : "That is all so far."}</span>
        )}
      </footer>
    </div>
  );
}

/** So far down, somebody reads: what comes meanwhile is held back, so that nothing moves under their eyes. */
const READING_PX = 600;

function useHeld(all: readonly Numbered[], order: "asc" | "desc") {
  const [upTo, setUpTo] = useState<number | undefined>(undefined);
  const last = all.at(-1)?.position;
  useEffect(() => {
    if (order === "asc") return;
    const scrolled = () => setUpTo((before) => (scrollY < READING_PX ? undefined : (before ?? last)));
    addEventListener("scroll", scrolled, { passive: true });
    return () => removeEventListener("scroll", scrolled);
  }, [last, order]);
  const events = useMemo(
    () => (upTo === undefined || order === "asc" ? all : all.filter(({ position }) => position <= upTo)),
    [all, upTo, order],
  );
  const release = () => {
    setUpTo(undefined);
    scrollTo({ top: 0 });
  };
  return { events, held: all.length - events.length, release };
}

const KIND_ICONS: Readonly<Record<RowKind, IconName>> = {
  instance: "workflow",
  activity: "zap",
  timer: "timer",
  event: "send",
  child: "git-fork",
  update: "rotate-cw",
  operator: "info",
  other: "git-branch",
};
const OUTCOMES: Readonly<Record<Outcome, { readonly icon: IconName; readonly word: string } | undefined>> = {
  open: { icon: "hourglass", word: "open" },
  done: { icon: "check", word: "done" },
  failed: { icon: "x", word: "failed" },
  none: undefined,
};

function RowView({
  row,
  id,
  startedMs,
  isRaw,
  isOpen,
  onToggle,
}: {
  row: HistoryRow;
  id: string;
  startedMs: number | undefined;
  isRaw: boolean;
  isOpen: boolean;
  onToggle: () => void;
}) {
  const { label, branch, kind, outcome, events } = row;
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return null;
  const shown = OUTCOMES[outcome];
  const summary = summaryOf(last.event) ?? summaryOf(first.event);
  const took = last.event.timestampMs - first.event.timestampMs;
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a list stand in an element each, which is no <ul>
    <div class="event" role="listitem" data-outcome={outcome}>
      <button type="button" class="event-row" aria-expanded={isOpen} onClick={onToggle}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={14} />
        <span class="event-number">{last.position}</span>
        <span class="event-time">
          <Time at={last.event.timestampMs} />
          {startedMs !== undefined && <span class="quiet"> +{formatDuration(last.event.timestampMs - startedMs)}</span>}
        </span>
        <span class="event-label">
          <Icon name={KIND_ICONS[kind]} size={14} />
          <span>{isRaw ? `${last.event.type} ${label}` : label}</span>
          <BranchTag name={branch} />
        </span>
        <span class="event-outcome">
          {shown !== undefined && (
            <>
              <Icon name={shown.icon} size={13} /> {shown.word}
              {events.length > 1 && <span class="quiet"> {formatDuration(took)}</span>}
            </>
          )}
        </span>
        <span class="event-summary mono">{summary}</span>
      </button>
      {isOpen && (
        <ol class="event-body">
          {events.map(({ event, position }) => (
            <li key={position}>
              <p>
                <span class="event-number">{position}</span> <strong>{event.type}</strong>{" "}
                <Time at={event.timestampMs} />{" "}
                <a class="button-small" href={href("i", id, { tab: "travel", at: position + 1 })}>
                  <Icon name="clock" size={14} /> State at this event
                </a>
              </p>
              <JsonView text={JSON.stringify(event)} label="the event" />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
