import { useMemo, useState } from "preact/hooks";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { api, at } from "../app/api.ts";
import { useRead } from "../pages/use-read.ts";
import { messageOf } from "../parts/failed.tsx";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson, readable } from "../parts/json-text.ts";
import { ActionDialog } from "./action-dialog.tsx";
import { InstanceLink, newRequestID } from "./dialogs.tsx";
import { differenceOf } from "./difference.ts";
import type { DialogProps } from "./index.tsx";
import { rerun } from "./requests.ts";
import { type PlannedCall, type RerunPlan, rerunPlan } from "./rerun-plan.ts";

/*
 * A rerun from a bar, or from the beginning: which results are kept and which calls are made again, the input to be edited, and what that changes.
 */

interface Source {
  /** Of the call, or of the workflow; `undefined`: it has none. */
  readonly input?: string | undefined;
  readonly plan?: RerunPlan | undefined;
  readonly workflowName?: string | undefined;
}

export function RerunDialog({ id, eventID, onClose }: DialogProps) {
  const { value: source, error } = useRead(`${eventID} ${id}`, (signal) => readSource(id, eventID, signal), 0);
  const [edited, setEdited] = useState<string | undefined>();
  const [newInstanceID, setNewInstanceID] = useState("");
  const requestID = useMemo(newRequestID, []);
  const before = source?.input === undefined ? "" : readable(source.input);
  const after = edited ?? before;
  const isChanged = edited !== undefined && edited !== before;
  const input = isChanged && after.trim() !== "" ? after : undefined;
  const isWrong = checkJson(after) !== undefined && isChanged;
  const from = source?.plan?.target;
  return (
    <ActionDialog
      title={from === undefined ? `Rerun ${id}` : `Rerun ${id} from ${from.name}`}
      verb="Rerun"
      wide
      onClose={onClose}
      effect={
        <>
          <p>A new instance is made, and this one stays as it is.</p>
          {source?.plan === undefined ? (
            <p>Everything is done again, from the beginning; children are started anew.</p>
          ) : (
            <Plan plan={source.plan} />
          )}
        </>
      }
      asked={(reason) => (isWrong ? undefined : rerun({ id, eventID, newInstanceID, input, reason, requestID }))}
      done={(answer) => {
        const made = (answer as { instanceID: string }).instanceID;
        return (
          <p>
            <InstanceLink id={made} /> was made of <InstanceLink id={id} />.
          </p>
        );
      }}
    >
      {error !== undefined && <p class="problem">Its history could not be read: {messageOf(error)}</p>}
      {from?.kind !== "timer" && source !== undefined && (
        <>
          <JsonEditor
            label={from === undefined ? "Input of the workflow" : `Input of ${from.name}`}
            value={after}
            onChange={setEdited}
            rows={Math.min(14, Math.max(4, after.split("\n").length + 1))}
          />
          {isChanged && <Difference before={before} after={after} />}
          {isChanged && after.trim() === "" && <p class="quiet">Without an input, it keeps the one that it had.</p>}
        </>
      )}
      <label class="field">
        <span>ID of the new instance</span>
        <input
          value={newInstanceID}
          maxLength={64}
          autocomplete="off"
          spellcheck={false}
          placeholder="One that is made up"
          onInput={(event) => setNewInstanceID(event.currentTarget.value)}
        />
      </label>
    </ActionDialog>
  );
}

const PAGE = 1_000;
const MOST_PAGES = 20;

/** The history up to the call; of a long one it takes a while. */
async function readSource(id: string, eventID: number | undefined, signal: AbortSignal): Promise<Source> {
  const events: HistoryEvent[] = [];
  let continuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { limit: eventID === undefined ? 1 : PAGE, continuationToken };
    const found = await api.get<HistoryPage>(at.workflows(id, "history"), query, { signal });
    events.push(...found.events);
    const [started] = events;
    const plan = eventID === undefined ? undefined : rerunPlan(events, eventID);
    const workflowName = started?.type === "ExecutionStarted" ? started.name : undefined;
    if (plan !== undefined) return { plan, input: plan.target.input, workflowName };
    if (eventID === undefined && started?.type === "ExecutionStarted") return { input: started.input, workflowName };
    continuationToken = found.continuationToken;
    if (continuationToken === undefined) break;
  }
  throw new Error(`it has no call ${eventID} among its first ${events.length} events`);
}

interface HistoryPage {
  readonly events: readonly HistoryEvent[];
  readonly continuationToken?: string;
}

function Plan({ plan }: { plan: RerunPlan }) {
  const { target, kept, again, events } = plan;
  return (
    <dl class="plan">
      <dt>Kept</dt>
      <dd>
        {kept.length === 0 ? "nothing: it is the first" : <Names calls={kept} />}
        {events.length > 0 && ` and ${events.length === 1 ? "the event" : "the events"} ${events.join(", ")}`}
      </dd>
      <dt>Made again</dt>
      <dd>
        <strong>{target.name}</strong>
        {again.length > 0 && (
          <>
            {" "}
            and, as they had no answer by then, <Names calls={again} />
          </>
        )}
        {[target, ...again].some(({ kind }) => kind === "child") &&
          "; children are started anew, under IDs of the new instance"}
      </dd>
      <dt>Not there</dt>
      <dd>all that came later; raise later events again</dd>
    </dl>
  );
}

const MOST_NAMES = 12;

function Names({ calls }: { calls: readonly PlannedCall[] }) {
  const names = calls.map(({ kind, name }) => (kind === "timer" ? `timer to ${name}` : name));
  const more = names.length - MOST_NAMES;
  return (
    <>
      {calls.length === 1 ? "" : `${calls.length}: `}
      {names.slice(0, MOST_NAMES).join(", ")}
      {more > 0 && ` and ${more} more`}
    </>
  );
}

const MARKS = { same: " ", removed: "−", added: "+" } as const;

export function Difference({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => differenceOf(before, readable(after)), [before, after]);
  return (
    <figure class="difference">
      <figcaption>What changes</figcaption>
      <pre>
        {lines.map(({ type, text }, n) => (
          <span key={n} data-type={type}>
            {`${MARKS[type]} ${text}\n`}
          </span>
        ))}
      </pre>
    </figure>
  );
}
