import { start } from "../act/requests.ts";
import { curlOf } from "../act/shell.ts";
import { addressOf, api, at, hasToken } from "../app/api.ts";
import { href } from "../app/router.ts";
import { may, metadata } from "../app/session.ts";
import { formatDuration } from "../app/times.ts";
import { Gaps, Loaded } from "../pages/loaded.tsx";
import { type Column, Table } from "../pages/table.tsx";
import { useRead } from "../pages/use-read.ts";
import type { Count, Counts, ListedWorkflow, ListPage } from "../pages/wire.ts";
import { Code } from "../parts/code.tsx";
import { Empty } from "../parts/empty.tsx";
import { Icon } from "../parts/icon.tsx";
import { type Standing, StatusChip, standingOf } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import { DayChart, ShareBar, short } from "./day-chart.tsx";
import { dayOf, daysOf, type NameFigures, namesOf } from "./figures.ts";

const DAYS = 14;
const NAMES_DAYS = 7;
const ENDED = 200;
const SHOWN = 6;
const EVERY_MS = 10_000;
const DAY_MS = 86_400_000;

interface Overview {
  readonly statuses: Counts;
  readonly retrying: number;
  readonly byDay: Counts;
  readonly byName: Counts;
  readonly ended: ListPage;
  /** What a person should look at: it has failed lately, retries or is stalled. */
  readonly trouble: readonly ListedWorkflow[];
  readonly atMs: number;
}

export function Page() {
  const reading = useRead("overview", readOverview, EVERY_MS);
  return (
    <section class="page">
      <h1>Overview</h1>
      <Loaded reading={reading} what="The overview">
        {(overview) => <Figures overview={overview} />}
      </Loaded>
    </section>
  );
}

async function readOverview(signal: AbortSignal): Promise<Overview> {
  const nowMs = Date.now();
  const read = <T,>(query: Readonly<Record<string, string | number | boolean>>) =>
    api.get<T>(at.workflows(), query, { signal });
  const since = (days: number) => dayOf(nowMs - (days - 1) * DAY_MS);
  const [statuses, retrying, byDay, byName, ended, retries, stalled, failed] = await Promise.all([
    read<Counts>({ countBy: "status" }),
    read<Counts>({ countBy: "status", retrying: true }),
    read<Counts>({ countBy: "status,day", createdAfter: since(DAYS) }),
    read<Counts>({ countBy: "name,status", createdAfter: since(NAMES_DAYS) }),
    read<ListPage>({ status: "COMPLETED,FAILED", pageSize: ENDED }),
    read<ListPage>({ retrying: true, pageSize: SHOWN }),
    read<ListPage>({ status: "STALLED", pageSize: SHOWN }),
    read<ListPage>({ status: "FAILED", endedAfter: new Date(nowMs - DAY_MS).toISOString(), pageSize: SHOWN }),
  ]);
  const trouble = [stalled, retries, failed].flatMap((page) => page.workflows);
  return { statuses, retrying: sumOf(retrying.counts), byDay, byName, ended, trouble, atMs: nowMs };
}

function Figures({ overview }: { overview: Overview }) {
  const { statuses, byDay, byName, ended, trouble, atMs } = overview;
  const { missingShards, complete } = statuses;
  if (sumOf(statuses.counts) === 0 && missingShards === undefined) return <FirstSteps />;
  const names = namesOf(byName.counts, ended.workflows);
  return (
    <>
      <Gaps missingShards={missingShards} complete={complete ?? byDay.complete ?? byName.complete} />
      <Tiles overview={overview} />
      <section class="card card-body">
        <h2>Started, by day</h2>
        <DayChart days={daysOf(byDay.counts, DAYS, atMs)} />
      </section>
      <div class="columns">
        <section class="card card-body">
          <h2>Needs a look</h2>
          <Trouble rows={trouble} />
        </section>
        <section class="card card-body">
          <h2>By workflow, last {NAMES_DAYS} days</h2>
          {names.length === 0 ? (
            <p class="quiet">Nothing was started in the last {NAMES_DAYS} days.</p>
          ) : (
            <Table label="By workflow" columns={NAME_COLUMNS} rows={names.slice(0, 12)} keyOf={({ name }) => name} />
          )}
        </section>
      </div>
    </>
  );
}

interface Tile {
  readonly standing: Standing;
  readonly word: string;
  readonly count: number;
  readonly to: string;
}

function Tiles({ overview: { statuses, retrying } }: { overview: Overview }) {
  const of = (status: string) => statuses.counts.find((found) => found.status === status)?.count ?? 0;
  const tile = (standing: Standing, word: string): Tile => {
    const status = standing.toUpperCase();
    return { standing, word, count: of(status), to: href("list", { status }) };
  };
  const tiles: readonly Tile[] = [
    tile("running", "Running"),
    { standing: "retrying", word: "Retrying", count: retrying, to: href("list", { retrying: true }) },
    tile("stalled", "Stalled"),
    tile("pending", "Pending"),
    tile("suspended", "Suspended"),
    tile("failed", "Failed"),
    tile("completed", "Completed"),
    tile("canceled", "Canceled"),
    tile("terminated", "Terminated"),
  ];
  const always: readonly Standing[] = ["running", "retrying", "stalled", "failed", "completed"];
  return (
    <ul class="tiles">
      {tiles
        .filter(({ count, standing }) => count > 0 || always.includes(standing))
        .map(({ standing, count, to }) => (
          <li key={standing}>
            <a class="tile" href={to} data-empty={count === 0}>
              <StatusChip standing={standing} />
              <span class="tile-count" title={count.toLocaleString("en")}>
                {short(count)}
              </span>
            </a>
          </li>
        ))}
    </ul>
  );
}

function Trouble({ rows }: { rows: readonly ListedWorkflow[] }) {
  if (rows.length === 0)
    return (
      <p class="quiet calm">
        <Icon name="circle-check" /> Nothing has failed in the last 24 hours, retries or is stalled.
      </p>
    );
  return (
    <ul class="rows">
      {rows.map((row) => (
        <li key={row.instanceID}>
          <a class="row" href={href("i", row.instanceID)}>
            <StatusChip standing={standingOf(row)} />
            <span class="row-main">
              <span class="mono">{row.instanceID}</span> <span class="quiet">{row.workflowName}</span>
              <span class="row-text">{row.failure?.message ?? row.failure?.errorType ?? row.waitingFor}</span>
            </span>
            <span class="quiet">
              <Time at={row.endedAt ?? row.lastUpdatedAt} relative />
            </span>
          </a>
        </li>
      ))}
      <li>
        <a class="way-link" href={href("failures")}>
          All failures, by type and message
        </a>
      </li>
    </ul>
  );
}

const NAME_COLUMNS: readonly Column<NameFigures>[] = [
  {
    title: "Workflow",
    cell: ({ name, counts, total }) => (
      <>
        <a href={href("list", { name })}>{name}</a>
        <ShareBar counts={counts} total={total} />
      </>
    ),
  },
  { title: "Started", isNumber: true, cell: ({ total }) => short(total) },
  {
    title: "Failed",
    isNumber: true,
    cell: ({ name, counts, failedShare }) =>
      counts.failed === 0 ? (
        "0"
      ) : (
        <a class="bad" href={href("failures", { name })}>
          {short(counts.failed)} ({percent(failedShare)})
        </a>
      ),
  },
  {
    title: "Typical",
    hint: `Half of the newest ${ENDED} that have ended took no longer`,
    isNumber: true,
    cell: ({ typicalMs }) => (typicalMs === undefined ? "–" : formatDuration(typicalMs)),
  },
  {
    title: "Slow",
    hint: `95 of 100 of the newest ${ENDED} that have ended took no longer`,
    isNumber: true,
    cell: ({ slowMs }) => (slowMs === undefined ? "–" : formatDuration(slowMs)),
  },
];

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

/** What the sample takes; every other workflow is started with what its author knows. */
const SAMPLE = "orderProcessingWorkflow";
const SAMPLE_INPUT = '{"itemName":"car","totalCost":9000,"quantity":1}';

function FirstSteps() {
  const names = metadata.value?.workflows.workflows ?? [];
  const name = names.includes(SAMPLE) ? SAMPLE : names[0];
  if (name === undefined)
    return (
      <Empty title="No workflow is registered" icon="workflow">
        <p>Register one with the runtime that createWorker is given, and reload this page.</p>
      </Empty>
    );
  const input = name === SAMPLE ? SAMPLE_INPUT : undefined;
  const { request } = start({ name, id: "order-1", input });
  return (
    <Empty title="No instance yet" icon="workflow">
      {may("starter") ? (
        <>
          <p class="measure">
            Start one: {input === undefined ? name : "the sample, an order that waits 30 seconds for an approval"}. Then
            watch it here.
          </p>
          <a class="button button-main" href={href("start", { name, input, id: input && "order-1" })}>
            <Icon name="play" /> Start {name}
          </a>
          <p>or</p>
          <Code text={curlOf(request, addressOf(request.path, request.query), hasToken.value)} label="Copy the curl" />
        </>
      ) : (
        <p>When somebody starts a workflow, it shows here.</p>
      )}
    </Empty>
  );
}

function sumOf(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
