import type { ComponentType } from "preact";
import { useMemo, useState } from "preact/hooks";
import { ActionDialog } from "../act/action-dialog.tsx";
import { Check, InstanceLink, newRequestID } from "../act/dialogs.tsx";
import { backfill, deleteSchedule, pauseSchedule, resumeSchedule, trigger } from "../act/schedule-requests.ts";
import { href } from "../app/router.ts";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson } from "../parts/json-text.ts";
import { clock } from "./schedule-times.tsx";
import type { Schedule } from "./wire.ts";

export type ScheduleAction = "trigger" | "pause" | "resume" | "backfill" | "delete";

interface Props {
  readonly schedule: Schedule;
  readonly onClose: () => void;
}

export const SCHEDULE_DIALOGS: Readonly<Record<ScheduleAction, ComponentType<Props>>> = {
  trigger: TriggerDialog,
  pause: PauseDialog,
  resume: ResumeDialog,
  backfill: BackfillDialog,
  delete: DeleteDialog,
};

function TriggerDialog({ schedule: { id, workflowName, paused }, onClose }: Props) {
  const [input, setInput] = useState("");
  const requestID = useMemo(newRequestID, []);
  const isWrong = checkJson(input) !== undefined;
  return (
    <ActionDialog
      title={`Trigger ${id}`}
      verb="Start an instance now"
      onClose={onClose}
      effect={
        <p>
          An instance of {workflowName} starts now, whatever runs{paused && ", also while the schedule is paused"}. Its
          times stay as they are.
        </p>
      }
      asked={(reason) => (isWrong ? undefined : trigger({ id, input, reason, requestID }))}
      done={(answer) => {
        const { instanceID, outcome } = answer as { instanceID: string; outcome: string };
        return (
          <p>
            <InstanceLink id={instanceID} />: {outcome}.
          </p>
        );
      }}
    >
      <JsonEditor label="Another input (JSON; without it, the schedule's)" value={input} onChange={setInput} rows={4} />
    </ActionDialog>
  );
}

function PauseDialog({ schedule: { id }, onClose }: Props) {
  return (
    <ActionDialog
      title={`Pause ${id}`}
      verb="Pause"
      onClose={onClose}
      effect={<p>Times that come are passed over until it is resumed. What it has started goes on.</p>}
      asked={(reason) => pauseSchedule({ id, reason })}
      done={() => <p>{id} is paused.</p>}
    />
  );
}

function ResumeDialog({ schedule: { id }, onClose }: Props) {
  return (
    <ActionDialog
      title={`Resume ${id}`}
      verb="Resume"
      onClose={onClose}
      effect={<p>It goes on with its next time. What was passed over is not made up for: backfill does that.</p>}
      asked={(reason) => resumeSchedule({ id, reason })}
      done={() => <p>{id} goes on.</p>}
    />
  );
}

function DeleteDialog({ schedule: { id }, onClose }: Props) {
  return (
    <ActionDialog
      title={`Delete ${id}`}
      verb="Delete"
      danger
      onClose={onClose}
      effect={<p>The schedule is gone, with what it knows of its last times. What it has started goes on.</p>}
      asked={(reason) => deleteSchedule({ id, reason })}
      done={() => (
        <p>
          {id} is gone. <a href={href("schedules")}>To the schedules</a>
        </p>
      )}
    />
  );
}

function BackfillDialog({ schedule: { id, timeZone }, onClose }: Props) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [overlap, setOverlap] = useState("allowAll");
  const [dryRun, setDryRun] = useState(true);
  const time = (text: string) => `${new Date(text).toISOString().slice(0, 19)}Z`;
  const lacks = from === "" || to === "" || from >= to;
  return (
    <ActionDialog
      title={`Backfill ${id}`}
      verb={dryRun ? "Show which" : "Start them"}
      wide
      repeats={dryRun}
      back={dryRun ? "Close" : "Cancel"}
      onClose={onClose}
      effect={
        <p>
          An instance is started for each time of the past between these two for which there was none, at most 1,000.
        </p>
      }
      asked={(reason) =>
        lacks ? undefined : backfill({ id, from: time(from), to: time(to), overlap, dryRun, reason })
      }
      done={(answer) => <Backfilled answer={answer as Answer} timeZone={timeZone} isDry={dryRun} />}
    >
      <div class="fields">
        <label class="field">
          <span>From (your time zone)</span>
          <input type="datetime-local" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>To</span>
          <input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>While another one runs</span>
          <select value={overlap} onChange={(event) => setOverlap(event.currentTarget.value)}>
            {["allowAll", "bufferAll", "bufferOne", "skip", "cancelOther", "terminateOther"].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <Check label="Dry run: only tell which times they are" isSet={dryRun} onChange={setDryRun} />
    </ActionDialog>
  );
}

interface Answer {
  readonly times: readonly string[];
  readonly instanceIDs: readonly string[];
}

const SHOWN = 50;

function Backfilled({
  answer: { times, instanceIDs },
  timeZone,
  isDry,
}: {
  answer: Answer;
  timeZone: string;
  isDry: boolean;
}) {
  return (
    <>
      <p>
        {times.length === 0
          ? "There is no such time for which nothing was started."
          : `${times.length} ${times.length === 1 ? "instance" : "instances"} ${isDry ? "would be" : "were"} started, in ${timeZone}:`}
      </p>
      <ul class="earlier">
        {times.slice(0, SHOWN).map((time, n) => (
          <li key={time}>
            {clock(time, timeZone)}{" "}
            {isDry ? <span class="mono">{instanceIDs[n]}</span> : <InstanceLink id={instanceIDs[n] ?? ""} />}
          </li>
        ))}
      </ul>
      {times.length > SHOWN && <p class="quiet">and {times.length - SHOWN} more</p>}
    </>
  );
}
