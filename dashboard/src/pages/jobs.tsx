import { useState } from "preact/hooks";
import { ActionDialog } from "../act/action-dialog.tsx";
import { cancelJob } from "../act/requests.ts";
import { api, at } from "../app/api.ts";
import { href, route } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Duration } from "../parts/duration.tsx";
import { Empty } from "../parts/empty.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusChip, standingOf } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import { Gaps, Loaded } from "./loaded.tsx";
import { Meter } from "./meter.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import type { BulkJob } from "./wire.ts";

export function Page() {
  const [id] = route.value.path;
  return id === undefined ? <JobList /> : <Job key={id} id={id} />;
}

const PAGE_SIZE = 20;

interface JobPage {
  readonly jobs: readonly BulkJob[];
  readonly continuationToken?: string;
  readonly missingShards?: number;
}

function JobList() {
  const [pages, setPages] = useState(1);
  const reading = useRead(`jobs ${pages}`, (signal) => readPages(pages, signal));
  return (
    <section class="page">
      <h1>Bulk jobs</h1>
      <Loaded reading={reading} what="Bulk jobs">
        {({ jobs, continuationToken, missingShards }) => (
          <>
            <Gaps missingShards={missingShards} />
            {jobs.length === 0 ? (
              <Empty title="No bulk job yet" icon="layers">
                <p class="measure">
                  A bulk job asks many instances the same: to pause, to go on, to end, to run again. Select them in{" "}
                  <a href={href("list")}>the list</a>, or filter it and take all that match.
                </p>
              </Empty>
            ) : (
              <div class="card card-body">
                <Table label="Bulk jobs" columns={COLUMNS} rows={jobs} keyOf={({ jobID }) => jobID} />
              </div>
            )}
            {continuationToken !== undefined && (
              <button type="button" class="button" onClick={() => setPages(pages + 1)}>
                More
              </button>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

async function readPages(pages: number, signal: AbortSignal): Promise<JobPage> {
  const jobs: BulkJob[] = [];
  let last: JobPage = { jobs };
  for (let page = 0; page < pages; page++) {
    const query = { pageSize: PAGE_SIZE, continuationToken: last.continuationToken };
    last = await api.get<JobPage>(at.jobs(), query, { signal });
    jobs.push(...last.jobs);
    if (last.continuationToken === undefined) break;
  }
  return { ...last, jobs };
}

const COLUMNS: readonly Column<BulkJob>[] = [
  { title: "Job", cell: ({ jobID, operation }) => <a href={href("jobs", jobID)}>{operation ?? jobID}</a> },
  { title: "State", cell: ({ state }) => <StatusChip standing={standingOf({ runtimeStatus: state })} /> },
  { title: "Progress", cell: (job) => <Progress job={job} /> },
  {
    title: "Failed",
    isNumber: true,
    cell: ({ failed = 0 }) => <span class={failed > 0 ? "bad" : undefined}>{failed}</span>,
  },
  { title: "Started", cell: ({ started }) => <Time at={started} relative /> },
  { title: "Reason", cell: ({ reason, actor }) => [reason, actor && `(${actor})`].filter(Boolean).join(" ") || "–" },
];

function Progress({ job: { matched, done = 0, failed = 0, skipped = 0 } }: { job: BulkJob }) {
  if (matched === undefined) return <>–</>;
  const asked = done + failed + skipped;
  return (
    <>
      {asked.toLocaleString("en")} of {matched.toLocaleString("en")}
      <Meter value={asked} most={matched} />
    </>
  );
}

const ENDED: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]);

function Job({ id }: { id: string }) {
  const reading = useRead(id, (signal) => api.get<BulkJob>(at.jobs(id), undefined, { signal }), 2_000);
  const [isCanceling, setCanceling] = useState(false);
  const job = reading.value;
  return (
    <section class="page">
      <p>
        <a class="way-link" href={href("jobs")}>
          <Icon name="arrow-left" size={14} /> Bulk jobs
        </a>
      </p>
      <div class="page-head">
        <h1>{job?.operation === undefined ? "Bulk job" : `Bulk job: ${job.operation}`}</h1>
        {job !== undefined && !ENDED.has(job.state) && may("operator") && (
          <button type="button" class="button" onClick={() => setCanceling(true)}>
            <Icon name="ban" /> Stop it …
          </button>
        )}
      </div>
      <Loaded reading={reading} what="This bulk job">
        {(found) => <Shows job={found} />}
      </Loaded>
      {isCanceling && (
        <ActionDialog
          title={`Stop ${id}`}
          verb="Stop it"
          back="Let it go on"
          onClose={() => setCanceling(false)}
          effect={<p>It asks no further instance. What is done stays done, with their children.</p>}
          asked={(reason) => cancelJob({ id, reason })}
          done={() => <p>It stops between two batches.</p>}
        />
      )}
    </section>
  );
}

function Shows({ job }: { job: BulkJob }) {
  const { jobID, state, matched, done = 0, failed = 0, skipped = 0, started, ended, eta, error, failures = [] } = job;
  const asked = done + failed + skipped;
  return (
    <>
      {error !== undefined && (
        <p class="stale" role="alert">
          {error}
        </p>
      )}
      <section class="card card-body">
        <p class="progress-line" role="status">
          <StatusChip standing={standingOf({ runtimeStatus: state })} />
          {matched !== undefined && (
            <strong>
              {asked.toLocaleString("en")} of {matched.toLocaleString("en")}
            </strong>
          )}
          {eta !== undefined && (
            <span class="quiet">
              done <Time at={eta} relative />
            </span>
          )}
        </p>
        {matched !== undefined && <Meter value={asked} most={matched} label={`${asked} of ${matched} are asked`} />}
      </section>
      <section class="card card-body">
        <dl class="facts">
          <dt>Done</dt>
          <dd>{done.toLocaleString("en")}</dd>
          <dt>Failed</dt>
          <dd class={failed > 0 ? "bad" : undefined}>{failed.toLocaleString("en")}</dd>
          <dt title="They fitted the filter, and were not there any more">Skipped</dt>
          <dd>{skipped.toLocaleString("en")}</dd>
          <dt>Instances</dt>
          <dd>{filterText(job)}</dd>
          <dt>Started</dt>
          <dd>
            <Time at={started} />
            {job.actor !== undefined && ` by ${job.actor}`}
          </dd>
          <dt>Took</dt>
          <dd>
            <Duration from={started} to={ended} />
          </dd>
          {job.reason !== undefined && (
            <>
              <dt>Reason</dt>
              <dd>{job.reason}</dd>
            </>
          )}
          <dt>ID</dt>
          <dd class="mono">{jobID}</dd>
        </dl>
      </section>
      {failures.length > 0 && (
        <section class="card card-body">
          <h2>{failures.length < failed ? `The first ${failures.length} failures` : "Failures"}</h2>
          <Table label="Failures" columns={FAILURES} rows={failures} keyOf={({ instanceID }) => instanceID} />
        </section>
      )}
    </>
  );
}

function filterText({ filter }: BulkJob) {
  if (filter === undefined) return "those of a list of IDs";
  const entries = Object.entries(filter);
  return (
    <a href={href("list", filter)}>
      {entries.length === 0 ? "all that there were" : entries.map(([name, value]) => `${name}=${value}`).join(", ")}
    </a>
  );
}

const FAILURES: readonly Column<NonNullable<BulkJob["failures"]>[number]>[] = [
  {
    title: "Instance",
    cell: ({ instanceID }) => (
      <a class="mono" href={href("i", instanceID)}>
        {instanceID}
      </a>
    ),
  },
  { title: "Why", cell: ({ error }) => error },
];
