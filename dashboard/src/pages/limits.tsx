import { api, at } from "../app/api.ts";
import { href } from "../app/router.ts";
import { Code } from "../parts/code.tsx";
import { Empty } from "../parts/empty.tsx";
import { Time } from "../parts/time.tsx";
import { Loaded } from "./loaded.tsx";
import { Meter } from "./meter.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import type { ListedLimit } from "./wire.ts";

const KEYS = 50;

export function Page() {
  const reading = useRead("limits", (signal) =>
    api.get<{ limits: readonly ListedLimit[] }>(at.limits(), { top: KEYS }, { signal }),
  );
  return (
    <section class="page">
      <h1>Limits</h1>
      <Loaded reading={reading} what="Limits">
        {({ limits }) =>
          limits.length === 0 ? <None /> : limits.map((limit) => <Limit key={limit.name} limit={limit} />)
        }
      </Loaded>
    </section>
  );
}

const EXAMPLE = `runtime.limit("card-payments", { activity: charge, concurrency: 10, rate: "100/m" });`;

function None() {
  return (
    <Empty title="No limit is declared" icon="gauge">
      <p class="measure">
        A limit says how many workflows or activities run at once, or begin in a time, across all instances. It is
        declared in code, where the workflows are registered:
      </p>
      <Code text={EXAMPLE} label="Copy the example" />
    </Empty>
  );
}

function Limit({ limit }: { limit: ListedLimit }) {
  const { name, workflow, activity, running, waiting, concurrency, oldestWaitingSince, missingParts } = limit;
  return (
    <section class="card card-body">
      <div class="page-head">
        <h2>{name}</h2>
        {waiting > 0 && (
          <a href={href("list", { waitingFor: `limit:${name}` })}>
            {waiting === 1 ? "The one that waits" : `The ${waiting} that wait`}
          </a>
        )}
      </div>
      <p class="quiet">
        {workflow === undefined ? (
          <>Runs of the activity {activity}</>
        ) : (
          <>
            Instances of the workflow <a href={href("list", { name: workflow })}>{workflow}</a>
          </>
        )}
        : {allowed(limit)}.
      </p>
      {missingParts !== undefined && (
        <p class="stale" role="status">
          {missingParts} of its parts did not answer, and are not counted.
        </p>
      )}
      <dl class="facts">
        <dt>Running</dt>
        <dd>
          {running}
          {concurrency !== undefined && (
            <>
              {" "}
              of {concurrency} <Meter value={running} most={concurrency} label={`${running} of ${concurrency} run`} />
            </>
          )}
        </dd>
        <dt>Waiting</dt>
        <dd>
          {waiting === 0 ? "nothing" : waiting}
          {oldestWaitingSince !== undefined && (
            <>
              , the first since <Time at={oldestWaitingSince} relative />
            </>
          )}
        </dd>
      </dl>
      {limit.waitingByKey.length > 0 && <Queues limit={limit} />}
    </section>
  );
}

const UNITS: Readonly<Record<string, string>> = { s: "a second", m: "a minute", h: "an hour", d: "a day" };

function allowed({ concurrency, concurrencyPerKey, rate, parts }: ListedLimit): string {
  const texts = [
    concurrency !== undefined && `${concurrency} at once`,
    concurrencyPerKey !== undefined && `${concurrencyPerKey} at once of one key`,
    rate !== undefined && `${rate.replace(/\/(\w)$/, (_, unit: string) => ` begin in ${UNITS[unit] ?? unit}`)}`,
    parts !== undefined && `spread over ${parts} objects`,
  ];
  return texts.filter((text) => text !== false).join(", ");
}

function Queues({ limit: { name, waitingByKey, waitingKeys } }: { limit: ListedLimit }) {
  const most = Math.max(...waitingByKey.map(({ waiting }) => waiting));
  const isCut = waitingKeys > waitingByKey.length;
  return (
    <>
      <h3 class="quiet">
        {isCut
          ? `The ${waitingByKey.length} longest of ${waitingKeys} queues`
          : waitingKeys === 1
            ? "Its queue"
            : `Its ${waitingKeys} queues, the longest first`}
      </h3>
      <Table label={`Queues of ${name}`} columns={queueColumns(most)} rows={waitingByKey} keyOf={({ key }) => key} />
    </>
  );
}

const queueColumns = (most: number): readonly Column<ListedLimit["waitingByKey"][number]>[] => [
  { title: "Key", cell: ({ key }) => (key === "" ? <span class="quiet">without a key</span> : key) },
  { title: "Running", isNumber: true, cell: ({ running }) => running },
  {
    title: "Waiting",
    isNumber: true,
    cell: ({ waiting }) => (
      <>
        {waiting}
        <Meter value={waiting} most={most} />
      </>
    ),
  },
  { title: "First since", cell: ({ oldestWaitingSince }) => <Time at={oldestWaitingSince} relative /> },
];
