import { useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href } from "../app/router.ts";
import { may } from "../app/session.ts";
import { formatDuration } from "../app/times.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Time } from "../parts/time.tsx";
import { Loaded } from "./loaded.tsx";
import { SCHEDULE_DIALOGS, type ScheduleAction } from "./schedule-dialogs.tsx";
import { ScheduleForm } from "./schedule-form.tsx";
import { Times } from "./schedule-times.tsx";
import { hasInstance, ScheduleState, whenOf } from "./schedules.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import type { Fire, Schedule } from "./wire.ts";

export function ScheduleDetail({ id, isEdited }: { id: string; isEdited: boolean }) {
  const reading = useRead(
    id,
    (signal) => api.get<Schedule>(at.schedules(id), undefined, { signal }),
    isEdited ? 0 : 5_000,
  );
  const [opened, setOpened] = useState<ScheduleAction | undefined>();
  const Shown = opened && SCHEDULE_DIALOGS[opened];
  return (
    <section class={isEdited ? "page start-page" : "page"}>
      <p>
        <a class="way-link" href={href("schedules")}>
          <Icon name="arrow-left" size={14} /> Schedules
        </a>
      </p>
      <div class="page-head">
        <h1>{isEdited ? `Change ${id}` : id}</h1>
        {!isEdited && reading.value !== undefined && may("operator") && (
          <Buttons schedule={reading.value} onOpen={setOpened} />
        )}
      </div>
      <Loaded reading={reading} what={`The schedule ${id}`}>
        {(schedule) => (isEdited ? <ScheduleForm schedule={schedule} /> : <Shows schedule={schedule} />)}
      </Loaded>
      {Shown !== undefined && reading.value !== undefined && (
        <Shown schedule={reading.value} onClose={() => setOpened(undefined)} />
      )}
    </section>
  );
}

function Buttons({ schedule, onOpen }: { schedule: Schedule; onOpen: (action: ScheduleAction) => void }) {
  const button = (action: ScheduleAction, icon: IconName, label: string) => (
    <button type="button" class="button" onClick={() => onOpen(action)}>
      <Icon name={icon} /> {label} …
    </button>
  );
  return (
    <div class="buttons">
      {button("trigger", "zap", "Trigger")}
      {schedule.paused ? button("resume", "play", "Resume") : button("pause", "pause", "Pause")}
      <a class="button" href={href("schedules", schedule.id, { edit: true })}>
        Change
      </a>
      {button("backfill", "undo-2", "Backfill")}
      {button("delete", "trash-2", "Delete")}
    </div>
  );
}

function Shows({ schedule }: { schedule: Schedule }) {
  const { problem, pause, paused, source, running, fires, nextTimes, timeZone, input } = schedule;
  return (
    <>
      {problem !== undefined && (
        <p class="stale" role="alert">
          It does nothing: {problem}
        </p>
      )}
      {paused && (
        <p class="stale">
          Paused{pause?.by !== undefined && ` by ${pause.by}`}
          {pause !== undefined && (
            <>
              {" "}
              <Time at={pause.at} relative />
            </>
          )}
          {pause?.reason !== undefined && `: ${pause.reason}`}. Times that come are passed over.
        </p>
      )}
      {source === "code" && (
        <p class="quiet">
          It is declared in code: what is changed here is as the code has it again after the next change there.
        </p>
      )}
      <div class="columns">
        <section class="card card-body">
          <Facts schedule={schedule} />
        </section>
        <section class="card card-body">
          <Times
            times={nextTimes}
            timeZone={timeZone}
            title={paused ? "When it would come, once resumed" : "Its next times"}
          />
        </section>
      </div>
      {running.length > 0 && (
        <section class="card card-body">
          <h2>Runs now</h2>
          <ul class="names">
            {running.map((id) => (
              <li key={id}>
                <a class="mono" href={href("i", id)}>
                  {id}
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="card card-body">
        <div class="page-head">
          <h2>Its last times</h2>
          <a href={href("list", { "attr.schedule": schedule.id })}>All that it has started</a>
        </div>
        {fires.length === 0 ? (
          <p class="quiet">It has not come yet.</p>
        ) : (
          <Table
            label="Its last times"
            columns={FIRES}
            rows={fires}
            keyOf={({ instanceID, nominalTime }) => `${instanceID} ${nominalTime}`}
          />
        )}
      </section>
      {input !== undefined && (
        <section class="card card-body">
          <h2>Input</h2>
          <JsonView text={JSON.stringify(input)} label="input" />
        </section>
      )}
    </>
  );
}

function Facts({ schedule }: { schedule: Schedule }) {
  const { workflowName, timeZone, overlap, catchUpWindow, jitter, startAt, endAt, remainingActions } = schedule;
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <ScheduleState schedule={schedule} />
      </dd>
      <dt>Workflow</dt>
      <dd>
        <a href={href("list", { name: workflowName })}>{workflowName}</a>
      </dd>
      <dt>When</dt>
      <dd>
        <code>{whenOf(schedule)}</code> {schedule.cron !== undefined && `in ${timeZone}`}
      </dd>
      <dt>While one runs</dt>
      <dd>{overlap}</dd>
      <dt title="How late a time may be, and still be started">Catch-up window</dt>
      <dd>{catchUpWindow}</dd>
      <dt>Jitter</dt>
      <dd>{jitter}</dd>
      {schedule.pauseOnFailure && (
        <>
          <dt>On failure</dt>
          <dd>it pauses</dd>
        </>
      )}
      {remainingActions !== undefined && (
        <>
          <dt>Left</dt>
          <dd>{remainingActions}</dd>
        </>
      )}
      {startAt !== undefined && (
        <>
          <dt>Not before</dt>
          <dd>
            <Time at={startAt} />
          </dd>
        </>
      )}
      {endAt !== undefined && (
        <>
          <dt>Not after</dt>
          <dd>
            <Time at={endAt} />
          </dd>
        </>
      )}
    </dl>
  );
}

const FIRES: readonly Column<Fire>[] = [
  { title: "Time", cell: ({ nominalTime }) => <Time at={nominalTime} /> },
  {
    title: "Outcome",
    cell: ({ outcome, kind, message }) => (
      <>
        <span class={outcome === "missed" || outcome === "ID in use" ? "bad" : undefined}>{outcome}</span>
        {kind !== "scheduled" && <span class="quiet"> {kind}</span>}
        {message !== undefined && <span class="quiet"> {message}</span>}
      </>
    ),
  },
  {
    title: "Late by",
    isNumber: true,
    cell: ({ latenessMs }) => (latenessMs === undefined ? "–" : formatDuration(latenessMs)),
  },
  {
    title: "Instance",
    cell: (fire) =>
      hasInstance(fire) ? (
        <a class="mono" href={href("i", fire.instanceID)}>
          {fire.instanceID}
        </a>
      ) : (
        "–"
      ),
  },
];
