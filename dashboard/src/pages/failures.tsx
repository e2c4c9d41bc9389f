import { useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href, route, setQuery } from "../app/router.ts";
import { now } from "../app/times.ts";
import { Empty } from "../parts/empty.tsx";
import { Icon } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import { type FailureGroup, failedAtMs, groupFailures, type Span } from "./failure-groups.ts";
import { Gaps, Loaded } from "./loaded.tsx";
import { useRead } from "./use-read.ts";
import type { ListedWorkflow, ListPage } from "./wire.ts";

const HOUR_MS = 3_600_000;
const SPANS = {
  "24h": { title: "24 hours", ms: 24 * HOUR_MS },
  "7d": { title: "7 days", ms: 7 * 24 * HOUR_MS },
  "30d": { title: "30 days", ms: 30 * 24 * HOUR_MS },
} as const;
type SpanName = keyof typeof SPANS;

const PARTS = 24;
const PAGE_SIZE = 1_024;
const MOST_PAGES = 3;
const EVERY_MS = 15_000;

interface Failures {
  readonly rows: readonly ListedWorkflow[];
  /** There are more than were read. */
  readonly isCut: boolean;
  readonly missingShards?: number | undefined;
  readonly span: Span;
}

export function Page() {
  const { query } = route.value;
  const given = query.get("in") ?? "7d";
  const spanName: SpanName = given in SPANS ? (given as SpanName) : "7d";
  const name = query.get("name") ?? "";
  const key = `${spanName} ${name}`;
  const reading = useRead(key, (signal) => readFailures(SPANS[spanName].ms, name, signal), EVERY_MS);
  return (
    <section class="page">
      <div class="page-head">
        <h1>Failures</h1>
        <div class="buttons">
          {name !== "" && (
            <button type="button" class="button" onClick={() => setQuery({ name: undefined })}>
              {name} <Icon name="x" label="show all workflows" />
            </button>
          )}
          <label class="inline-field">
            <span>Ended in the last</span>
            <select value={spanName} onChange={(event) => setQuery({ in: event.currentTarget.value })}>
              {Object.entries(SPANS).map(([value, { title }]) => (
                <option key={value} value={value}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
      <Loaded reading={reading} what="Failures">
        {(failures) => <Groups failures={failures} title={SPANS[spanName].title} />}
      </Loaded>
    </section>
  );
}

async function readFailures(spanMs: number, name: string, signal: AbortSignal): Promise<Failures> {
  const toMs = Date.now();
  const endedAfter = new Date(toMs - spanMs).toISOString();
  const rows: ListedWorkflow[] = [];
  let continuationToken: string | undefined;
  let missingShards: number | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { status: "FAILED", name: name || undefined, endedAfter, pageSize: PAGE_SIZE, continuationToken };
    const found = await api.get<ListPage>(at.workflows(), query, { signal });
    rows.push(...found.workflows);
    missingShards = found.missingShards ?? missingShards;
    continuationToken = found.continuationToken;
    if (continuationToken === undefined) break;
  }
  return { rows, isCut: continuationToken !== undefined, missingShards, span: { fromMs: toMs - spanMs, toMs } };
}

function Groups({ failures, title }: { failures: Failures; title: string }) {
  const { rows, isCut, missingShards, span } = failures;
  if (rows.length === 0 && missingShards === undefined)
    return (
      <Empty title={`Nothing has failed in the last ${title}`} icon="circle-check">
        <p>
          What retries or is stalled has not failed yet: <a href={href("list", { retrying: true })}>retrying</a>,{" "}
          <a href={href("list", { status: "STALLED" })}>stalled</a>.
        </p>
      </Empty>
    );
  const groups = groupFailures(rows, span, PARTS);
  return (
    <>
      <Gaps missingShards={missingShards} />
      <p class="quiet">
        {rows.length} {rows.length === 1 ? "instance" : "instances"} in {groups.length}{" "}
        {groups.length === 1 ? "group" : "groups"}: what has the same type and message, but for IDs and numbers, is one.
        {isCut && ` There are more: these are the newest ${rows.length}.`}
      </p>
      <ul class="stack">
        {groups.map((group) => (
          <li key={`${group.errorType} ${group.message}`} class="card card-body">
            <Group group={group} span={span} />
          </li>
        ))}
      </ul>
    </>
  );
}

const SHOWN = 5;
const MORE = 50;

function Group({ group, span }: { group: FailureGroup; span: Span }) {
  const [shown, setShown] = useState(SHOWN);
  const { errorType, message, count, rows, workflows, firstMs, lastMs, overTime } = group;
  return (
    <article class="group">
      <header class="group-head">
        <div class="group-title">
          <h2>
            <span class="bad">{errorType}</span> <span class="tabs-count">{count}</span>
          </h2>
          <p>
            {message === "" ? <span class="quiet">Messages are not in the list: open one to read it.</span> : message}
          </p>
        </div>
        <Spark counts={overTime} span={span} />
      </header>
      <p class="quiet">
        In{" "}
        {workflows.map((name, n) => (
          <>
            {n > 0 && ", "}
            <a href={href("failures", { name, in: route.value.query.get("in") })}>{name}</a>
          </>
        ))}
        ; last <Time at={lastMs} relative />
        {firstMs !== lastMs && (
          <>
            , first <Time at={firstMs} relative />
          </>
        )}
      </p>
      <ul class="rows">
        {rows.slice(0, shown).map((row) => (
          <li key={row.instanceID}>
            <a class="row" href={href("i", row.instanceID)}>
              <span class="row-main mono">{row.instanceID}</span>
              <span class="quiet">
                {row.workflowName}, <Time at={failedAtMs(row)} />
              </span>
            </a>
          </li>
        ))}
      </ul>
      {rows.length > shown && (
        <button type="button" class="button-small" onClick={() => setShown(shown + MORE)}>
          {Math.min(MORE, rows.length - shown)} more of {rows.length - shown}
        </button>
      )}
    </article>
  );
}

/** When they came, from the beginning of the time to its end. */
function Spark({ counts, span }: { counts: readonly number[]; span: Span }) {
  const most = Math.max(1, ...counts);
  const hours = Math.round((span.toMs - span.fromMs) / counts.length / HOUR_MS);
  const peak = counts.indexOf(most);
  const peakMs = span.fromMs + ((peak + 0.5) / counts.length) * (span.toMs - span.fromMs);
  const ago = Math.round((now.value - peakMs) / HOUR_MS);
  const text = `At most ${most} in ${hours} h, about ${ago} h ago`;
  return (
    <svg class="spark" viewBox={`0 0 ${counts.length} 10`} preserveAspectRatio="none" role="img" aria-label={text}>
      <title>{text}</title>
      {counts.map((count, n) => {
        const height = count === 0 ? 0.3 : Math.max(1, (count / most) * 10);
        return (
          <rect
            key={`${n}`}
            class={count === 0 ? "none" : undefined}
            x={n + 0.1}
            y={10 - height}
            width="0.8"
            height={height}
          />
        );
      })}
    </svg>
  );
}
