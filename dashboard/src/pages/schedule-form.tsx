import { useEffect, useState } from "preact/hooks";
import { InTerminal, ReasonField, useSending } from "../act/action-dialog.tsx";
import { Check } from "../act/dialogs.tsx";
import {
  bodyOf,
  changeSchedule,
  createSchedule,
  isChanged,
  NO_FIELDS,
  type ScheduleFields,
} from "../act/schedule-requests.ts";
import { api, at } from "../app/api.ts";
import { go, href } from "../app/router.ts";
import { metadata } from "../app/session.ts";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson, readable } from "../parts/json-text.ts";
import { Times } from "./schedule-times.tsx";
import type { Schedule } from "./wire.ts";

/** Makes a schedule, or changes one; what it would do stands beside it. */
export function ScheduleForm({ schedule }: { schedule?: Schedule | undefined }) {
  const before = schedule === undefined ? NO_FIELDS : fieldsOf(schedule);
  const [fields, setFields] = useState<ScheduleFields>(before);
  const [id, setId] = useState(schedule?.id ?? "");
  const [reason, setReason] = useState("");
  const { state, run } = useSending();
  const change = (changes: Partial<ScheduleFields>) => setFields((now) => ({ ...now, ...changes }));
  const names = metadata.value?.workflows.workflows ?? [];
  const workflowName = fields.workflowName || (names[0] ?? "");
  const whole = { ...fields, workflowName };
  const lacks =
    !/^[A-Za-z0-9_-]{1,40}$/.test(id) || fields[fields.when].trim() === "" || checkJson(fields.input) !== undefined;
  const why = reason.trim();
  const asked = lacks
    ? undefined
    : schedule === undefined
      ? createSchedule(id, whole, why)
      : isChanged(before, whole)
        ? changeSchedule(id, before, whole, why)
        : undefined;
  useEffect(() => {
    if (state.type === "done") go(href("schedules", id));
  }, [state.type]);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (asked !== undefined && state.type !== "sending") run(asked);
      }}
    >
      <div class="card card-body form">
        <div class="fields">
          {schedule === undefined && (
            <label class="field">
              <span>ID</span>
              <input
                value={id}
                required
                maxLength={40}
                pattern="[A-Za-z0-9_\-]{1,40}"
                autocomplete="off"
                placeholder="nightly"
                onInput={(event) => setId(event.currentTarget.value)}
              />
            </label>
          )}
          <label class="field">
            <span>Workflow</span>
            <select value={workflowName} onChange={(event) => change({ workflowName: event.currentTarget.value })}>
              {!names.includes(workflowName) && <option value={workflowName}>{workflowName} (not registered)</option>}
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <When fields={whole} onChange={change} />
        <Preview id={id} fields={whole} />
        <JsonEditor
          label="Input (JSON, may be left out)"
          value={fields.input}
          rows={4}
          onChange={(input) => change({ input })}
        />
        <Rules fields={fields} onChange={change} />
        <ReasonField value={reason} onChange={setReason} />
        <InTerminal asked={asked} />
        {state.type === "failed" && (
          <p class="problem" role="alert">
            <Icon name="triangle-alert" /> {messageOf(state.error)}
          </p>
        )}
        <div class="form-end">
          <a class="button" href={schedule === undefined ? href("schedules") : href("schedules", id)}>
            Cancel
          </a>
          <button type="submit" class="button button-main" disabled={asked === undefined || state.type === "sending"}>
            {schedule === undefined ? "Create" : "Save"}
          </button>
        </div>
      </div>
    </form>
  );
}

interface PartProps {
  readonly fields: ScheduleFields;
  readonly onChange: (changes: Partial<ScheduleFields>) => void;
}

const KINDS = { cron: "Cron", interval: "Every so often", at: "Once" } as const;

function When({ fields, onChange }: PartProps) {
  return (
    <>
      <fieldset class="picks">
        <legend>When</legend>
        {(Object.keys(KINDS) as (keyof typeof KINDS)[]).map((when) => (
          <label key={when} class="check">
            <input type="radio" name="when" checked={fields.when === when} onChange={() => onChange({ when })} />
            {KINDS[when]}
          </label>
        ))}
      </fieldset>
      <div class="fields">
        {fields.when === "cron" && (
          <>
            <label class="field">
              <span>Cron expressions, one a line</span>
              <textarea
                class="mono"
                rows={2}
                spellcheck={false}
                value={fields.cron}
                placeholder="30 2 * * *"
                onInput={(event) => onChange({ cron: event.currentTarget.value })}
              />
            </label>
            <Text name="timeZone" label="Time zone" example="UTC" list={zones} {...{ fields, onChange }} />
          </>
        )}
        {fields.when === "interval" && (
          <>
            <Text name="interval" label="Interval" example="6h" {...{ fields, onChange }} />
            <Text name="offset" label="Offset" example="0s" {...{ fields, onChange }} />
          </>
        )}
        {fields.when === "at" && (
          <Text name="at" label="Time (RFC 3339)" example="2027-01-01T00:00:00Z" {...{ fields, onChange }} />
        )}
      </div>
    </>
  );
}

const zones = () => Intl.supportedValuesOf("timeZone");

type TextName = Exclude<keyof ScheduleFields, "when" | "pauseOnFailure">;

function Text({
  name,
  label,
  example,
  list,
  fields,
  onChange,
}: PartProps & { name: TextName; label: string; example: string; list?: () => readonly string[] }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        value={fields[name]}
        autocomplete="off"
        spellcheck={false}
        placeholder={example}
        list={list === undefined ? undefined : `of-${name}`}
        onInput={(event) => onChange({ [name]: event.currentTarget.value })}
      />
      {list !== undefined && (
        <datalist id={`of-${name}`}>
          {list().map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </label>
  );
}

const OVERLAPS: Readonly<Record<string, string>> = {
  skip: "pass the time over",
  bufferOne: "let one wait, pass later ones over",
  bufferAll: "let all wait, one after the other",
  cancelOther: "cancel the other, then start",
  terminateOther: "terminate the other, then start",
  allowAll: "start all the same",
};

function Rules({ fields, onChange }: PartProps) {
  return (
    <details class="more" open={fields.overlap !== "" || fields.catchUpWindow !== ""}>
      <summary>Overlap, catch-up and limits</summary>
      <div class="fields">
        <label class="field">
          <span>While another one runs</span>
          <select
            value={fields.overlap || "skip"}
            onChange={(event) => onChange({ overlap: event.currentTarget.value })}
          >
            {Object.entries(OVERLAPS).map(([value, what]) => (
              <option key={value} value={value}>
                {value}: {what}
              </option>
            ))}
          </select>
        </label>
        <Text name="catchUpWindow" label="Catch-up window" example="1h" {...{ fields, onChange }} />
        <Text name="jitter" label="Jitter" example="0s" {...{ fields, onChange }} />
        <Text name="startAt" label="Not before" example="2027-01-01T00:00:00Z" {...{ fields, onChange }} />
        <Text name="endAt" label="Not after" example="2027-12-31T00:00:00Z" {...{ fields, onChange }} />
        <Text name="remainingActions" label="At most so many" example="all" {...{ fields, onChange }} />
        <Text
          name="retention"
          label="Retention of its instances"
          example="as the deployment has it"
          {...{ fields, onChange }}
        />
      </div>
      <Check
        label="Pause when an instance of it fails"
        isSet={fields.pauseOnFailure}
        onChange={(pauseOnFailure) => onChange({ pauseOnFailure })}
      />
    </details>
  );
}

interface Previewed {
  readonly timeZone: string;
  readonly times: readonly string[];
}

/** The server tells when it would come, so that it is what will be. */
function Preview({ id, fields }: { id: string; fields: ScheduleFields }) {
  const [found, setFound] = useState<{ readonly times?: Previewed; readonly problem?: string }>({});
  const { workflowName: _, input: __, remainingActions: ___, ...when } = bodyOf(fields);
  const isEmpty = fields[fields.when].trim() === "";
  const key = JSON.stringify(when);
  useEffect(() => {
    if (isEmpty) return setFound({});
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const given = Object.entries(when).flatMap(([name, text]) =>
        text === undefined ? [] : [[name, JSON.parse(text)]],
      );
      const path = at.schedules(/^[A-Za-z0-9_-]{1,40}$/.test(id) ? id : "new", "preview");
      api.post<Previewed>(path, Object.fromEntries(given), { count: 5 }, { signal: controller.signal }).then(
        (times) => setFound({ times }),
        (error: unknown) => {
          if (!controller.signal.aborted) setFound({ problem: messageOf(error) });
        },
      );
    }, 300);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, id]);
  return (
    <div aria-live="polite">
      {found.problem !== undefined && <p class="problem">{found.problem}</p>}
      {found.times !== undefined && (
        <Times times={found.times.times} timeZone={found.times.timeZone} title="Its next times" />
      )}
    </div>
  );
}

function fieldsOf(schedule: Schedule): ScheduleFields {
  const { cron, interval, offset, at: once, input, remainingActions, workflowName, pauseOnFailure } = schedule;
  const { timeZone, overlap, catchUpWindow, jitter, startAt = "", endAt = "", retention = "" } = schedule;
  return {
    ...{ workflowName, timeZone, overlap, catchUpWindow, jitter, startAt, endAt, retention, pauseOnFailure },
    when: cron !== undefined ? "cron" : interval !== undefined ? "interval" : "at",
    cron: cron === undefined ? "" : [cron].flat().join("\n"),
    interval: interval ?? "",
    offset: offset ?? "",
    at: once ?? "",
    input: input === undefined ? "" : readable(JSON.stringify(input)),
    remainingActions: remainingActions?.toString() ?? "",
  };
}
