import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../app/router.ts";
import { metadata } from "../app/session.ts";
import { Icon } from "../parts/icon.tsx";
import { FilterDialog } from "./filter-dialog.tsx";
import { type Filters, PASSED, type Passed, searchOf } from "./filters.ts";

/** How long to wait for more to be typed. */
const TYPING_MS = 350;

const RANGES: readonly (readonly [string, string])[] = [
  ["", "Any time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

/** Search, workflow, time; what is asked more rarely is in a dialog, and shows as chips that go with a press. */
export function FilterBar({ filters, search }: { filters: Filters; search: { current: HTMLInputElement | null } }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="filters">
      <div class="filters-row">
        <SearchBox value={filters.search} input={search} />
        <WorkflowSelect value={filters.passed.name ?? ""} />
        <select
          aria-label="Created"
          class="input filters-field"
          value={filters.last}
          onChange={(event) => setQuery({ last: event.currentTarget.value })}
        >
          {withCurrent(RANGES, filters.last).map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
        <button type="button" class="button" onClick={() => setOpen(true)}>
          <Icon name="list-filter" size={14} /> More filters
        </button>
      </div>
      <Chips filters={filters} />
      {isOpen && <FilterDialog filters={filters} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** What is typed is asked for after a moment, and without a step more in the browser's history for each letter. */
function SearchBox({ value, input }: { value: string; input: { current: HTMLInputElement | null } }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => setQuery({ search: text.trim() }, { replace: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  const kind = searchOf(text.trim())?.type;
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setQuery({ search: text.trim() });
        }}
      >
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          class="input"
          value={text}
          aria-label="Search: the beginning of an ID, or a query"
          placeholder="ID, or a query: FailureType = 'TypeError'"
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <span class="search-kind">{kind === "query" ? "query" : kind === "id" ? "ID begins" : <kbd>/</kbd>}</span>
      </form>
    </search>
  );
}

function WorkflowSelect({ value }: { value: string }) {
  const names = metadata.value?.workflows.workflows ?? [];
  const options = withCurrent([["", "All workflows"], ...names.map((name) => [name, name] as const)], value);
  return (
    <select
      aria-label="Workflow"
      class="input filters-field"
      value={value}
      onChange={(event) => setQuery({ name: event.currentTarget.value })}
    >
      {options.map(([name, title]) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
}

/** What the address says may be none of the usual ones. */
function withCurrent(options: readonly (readonly [string, string])[], value: string) {
  return options.some(([name]) => name === value) ? options : [...options, [value, value] as const];
}

const TITLES: Readonly<Record<Passed, string>> = {
  name: "Workflow",
  version: "Version",
  parent: "Parent",
  waitingFor: "Waits for",
  createdAfter: "Created from",
  createdBefore: "Created before",
  endedAfter: "Ended from",
  endedBefore: "Ended before",
};

function Chips({ filters }: { filters: Filters }) {
  const passed = PASSED.filter((name) => name !== "name").flatMap((name) => {
    const value = filters.passed[name];
    return value === undefined ? [] : [{ name, title: TITLES[name], value }];
  });
  const attributes = Object.entries(filters.attributes).map(([key, value]) => ({
    name: `attr.${key}`,
    title: key,
    value,
  }));
  const all = [...passed, ...attributes];
  if (all.length === 0) return null;
  return (
    <ul class="filter-chips">
      {all.map(({ name, title, value }) => (
        <li key={name}>
          <button type="button" class="filter-chip" onClick={() => setQuery({ [name]: null })}>
            <span class="hidden-text">Remove the filter </span>
            {title}: <b>{value}</b> <Icon name="x" size={12} />
          </button>
        </li>
      ))}
    </ul>
  );
}
