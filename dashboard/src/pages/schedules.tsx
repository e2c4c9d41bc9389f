import { useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href, route } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Empty } from "../parts/empty.tsx";
import { Icon } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import { Loaded } from "./loaded.tsx";
import { ScheduleDetail } from "./schedule-detail.tsx";
import { ScheduleForm } from "./schedule-form.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import type { Fire, Schedule } from "./wire.ts";

export function Page() {
  const { path, query } = route.value;
  const [id] = path;
  if (id !== undefined) return <ScheduleDetail key={id} id={id} isEdited={query.has("edit") && may("operator")} />;
  if (query.has("create") && may("operator"))
    return (
      <section class="page start-page">
        <h1>New schedule</h1>
        <ScheduleForm />
      </section>
    );
  return <ScheduleList />;
}

const PAGE_SIZE = 40;

interface ScheduleListPage {
  readonly schedules: readonly Schedule[];
  readonly continuationToken?: string;
}

function ScheduleList() {
  const [pages, setPages] = useState(1);
  const reading = useRead(`schedules ${pages}`, (signal) => readPages(pages, signal));
  return (
    <section class="page">
      <div class="page-head">
        <h1>Schedules</h1>
        {may("operator") && reading.value !== undefined && <CreateLink />}
      </div>
      <Loaded reading={reading} what="Schedules">
        {({ schedules, continuationToken }) =>
          schedules.length === 0 ? (
            <Empty title="No schedule yet" icon="calendar-clock">
              <p class="measure">
                A schedule starts instances of a workflow by itself: by cron, at an interval, or once. It is made here,
                over the API, or in code with runtime.schedule.
              </p>
              {may("operator") && <CreateLink />}
            </Empty>
          ) : (
            <>
              <div class="card card-body">
                <Table label="Schedules" columns={COLUMNS} rows={schedules} keyOf={({ id }) => id} />
              </div>
              {continuationToken !== undefined && (
                <button type="button" class="button" onClick={() => setPages(pages + 1)}>
                  More
                </button>
              )}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function CreateLink() {
  return (
    <a class="button button-main" href={href("schedules", { create: true })}>
      <Icon name="plus" /> New schedule
    </a>
  );
}

async function readPages(pages: number, signal: AbortSignal): Promise<ScheduleListPage> {
  const schedules: Schedule[] = [];
  let continuationToken: string | undefined;
  for (let page = 0; page < pages; page++) {
    const query = { pageSize: PAGE_SIZE, continuationToken };
    const found = await api.get<ScheduleListPage>(at.schedules(), query, { signal });
    schedules.push(...found.schedules);
    continuationToken = found.continuationToken;
    if (continuationToken === undefined) break;
  }
  return { schedules, ...(continuationToken !== undefined && { continuationToken }) };
}

const COLUMNS: readonly Column<Schedule>[] = [
  { title: "ID", cell: ({ id }) => <a href={href("schedules", id)}>{id}</a> },
  { title: "Workflow", cell: ({ workflowName }) => workflowName },
  {
    title: "When",
    cell: (schedule) => (
      <>
        <code>{whenOf(schedule)}</code>
        {schedule.cron !== undefined && <span class="quiet"> {schedule.timeZone}</span>}
      </>
    ),
  },
  { title: "State", cell: (schedule) => <ScheduleState schedule={schedule} /> },
  {
    title: "Next",
    cell: ({ nextTimes: [next], paused }) => (next === undefined || paused ? "–" : <Time at={next} relative />),
  },
  {
    title: "Last",
    cell: ({ fires: [last] }) =>
      last === undefined ? (
        "–"
      ) : (
        <>
          {hasInstance(last) ? <a href={href("i", last.instanceID)}>{last.outcome}</a> : last.outcome}{" "}
          <span class="quiet">
            <Time at={last.nominalTime} relative />
          </span>
        </>
      ),
  },
];

/** Whether there is something to look at. */
export function hasInstance({ outcome }: Fire): boolean {
  return outcome === "started" || outcome === "ID in use";
}

export function whenOf({ cron, interval, offset, at: once }: Schedule): string {
  if (cron !== undefined) return [cron].flat().join("; ");
  if (interval !== undefined) return `every ${interval}${offset === undefined ? "" : ` + ${offset}`}`;
  return once === undefined ? "" : `once, at ${once}`;
}

export function ScheduleState({ schedule: { paused, problem } }: { schedule: Schedule }) {
  if (problem !== undefined)
    return (
      <span class="chip" data-standing="failed">
        <Icon name="circle-x" size={14} /> Broken
      </span>
    );
  return paused ? (
    <span class="chip" data-standing="suspended">
      <Icon name="circle-pause" size={14} /> Paused
    </span>
  ) : (
    <span class="chip" data-standing="running">
      <Icon name="circle-play" size={14} /> Active
    </span>
  );
}
