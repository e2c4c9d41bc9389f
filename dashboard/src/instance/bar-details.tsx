import { useEffect, useState } from "preact/hooks";
import { actionsFor, openAction } from "../act/index.tsx";
import { api, at } from "../app/api.ts";
import { href, route } from "../app/router.ts";
import { may } from "../app/session.ts";
import { formatDuration } from "../app/times.ts";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Time } from "../parts/time.tsx";
import { FailureView } from "./failure.tsx";
import type { Feed } from "./feed.ts";
import { attemptsOf, type Bar } from "./model/bars.ts";
import { awaitedNameOf, isAwaited, kindOf } from "./model/layout.ts";
import type { BarKind, HistoryEvent, WireHistory } from "./model/wire.ts";
import { BranchTag, Due, Fact, InstanceLink, TableBox } from "./parts.tsx";
import { select, selectionOf } from "./timeline/timeline.tsx";

/** What is known of the bar that is selected: its payloads are read when it is. */
export function BarDetails({ feed }: { feed: Feed }) {
  void feed.changes.value;
  const selected = selectionOf(route.value.query);
  const executionId = feed.bars.value?.executionId;
  if (selected === undefined || executionId === undefined) return null;
  const { position, of } = selected;
  if (isAwaited(selected))
    return <Awaited id={feed.id} name={awaitedNameOf(selected, feed.detail.value?.awaitedEvents)} />;
  const bar =
    of === undefined ? feed.bars.value?.all.find((one) => one.position === position && one.kind !== "turn") : undefined;
  return (
    <Details
      key={`${of ?? ""} ${position}`}
      id={of ?? feed.id}
      position={position}
      bar={bar}
      isChild={of !== undefined}
      canRerun={of === undefined && mayRerun(feed)}
    />
  );
}

/** Of an event that has not come, there is nothing to read. */
function Awaited({ id, name }: { id: string; name: string | undefined }) {
  if (name === undefined) return null;
  return (
    <section class="card instance-card bar-details" id="bar-details" tabIndex={-1} aria-label="The selected bar">
      <header class="card-head">
        <h2>
          Event <span class="mono">{name}</span>
        </h2>
        <button type="button" class="button-icon" aria-label="Close the details" onClick={() => select(undefined)}>
          <Icon name="x" />
        </button>
      </header>
      <div class="card-body">
        <p>It waits for this event. It goes on when somebody raises it.</p>
        {may("starter") && (
          <p>
            <button type="button" class="button" onClick={() => openAction("raise", { id, name })}>
              <Icon name="send" size={14} /> Raise {name}
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

/** Of what still runs, and of a child, there is none. */
function mayRerun({ moment, detail }: Feed): boolean {
  if (moment.value === undefined) return false;
  const parentInstanceID = detail.value?.parentInstanceID;
  return actionsFor({ runtimeStatus: moment.value.status, parentInstanceID }).includes("rerun");
}

/** From which a rerun can go on. */
const CALLS: ReadonlySet<BarKind> = new Set(["activity", "timer", "child"]);

interface Found {
  readonly first?: HistoryEvent | undefined;
  readonly last?: HistoryEvent | undefined;
}

function Details({
  id,
  position,
  bar,
  isChild,
  canRerun,
}: {
  id: string;
  position: number;
  bar: Bar | undefined;
  isChild: boolean;
  canRerun: boolean;
}) {
  const [found, setFound] = useState<Found>({});
  const [error, setError] = useState<unknown>(undefined);
  const [isReading, setReading] = useState(true);
  const lastId = bar === undefined ? undefined : attemptsOf(bar).at(-1)?.id;
  useEffect(() => {
    const controller = new AbortController();
    setReading(true);
    readEvents(id, position, lastId, bar?.endedMs, controller.signal).then(
      (events) => {
        setFound(events);
        setError(undefined);
        setReading(false);
      },
      (problem: unknown) => {
        if (controller.signal.aborted) return;
        setError(problem);
        setReading(false);
      },
    );
    return () => controller.abort();
    // Once more when it has got another attempt, or its end.
  }, [id, position, lastId, bar?.endedMs]);
  const { first, last } = found;
  const name = bar?.name ?? (first !== undefined && "name" in first ? first.name : "");
  const callId = bar?.id ?? (first !== undefined && "id" in first ? first.id : undefined);
  return (
    <section class="card instance-card bar-details" id="bar-details" tabIndex={-1} aria-label="The selected bar">
      <header class="card-head">
        <h2>
          {bar === undefined ? "Event" : capitalised(kindOf(bar.kind))} <span class="mono">{name}</span>
          {callId !== undefined && <span class="quiet"> #{callId}</span>}
        </h2>
        <div class="card-tools">
          {canRerun && bar !== undefined && CALLS.has(bar.kind) && callId !== undefined && (
            <button type="button" class="button-small" onClick={() => openAction("rerun", { id, eventID: callId })}>
              <Icon name="rotate-ccw" size={14} /> Rerun from here
            </button>
          )}
          {!isChild && (
            <a class="button-small" href={href("i", id, { tab: "travel", at: position + 1, bar: position })}>
              <Icon name="clock" size={14} /> State at this event
            </a>
          )}
          <button type="button" class="button-icon" aria-label="Close the details" onClick={() => select(undefined)}>
            <Icon name="x" />
          </button>
        </div>
      </header>
      <div class="card-body">
        {bar !== undefined && <BarFacts bar={bar} />}
        {isChild && (
          <p>
            In <InstanceLink id={id} />
          </p>
        )}
        {bar?.attempts !== undefined && <Attempts bar={bar} />}
        {isReading && first === undefined && <p class="quiet">Loading …</p>}
        {error !== undefined && <p role="alert">Its events could not be read: {messageOf(error)}</p>}
        <div class="payloads">
          <Payload title="Input" text={inputOf(first)} />
          <Payload title="Result" text={resultOf(last)} />
        </div>
        {last !== undefined && "failure" in last && last.failure !== undefined && (
          <FailureView failure={last.failure} />
        )}
      </div>
    </section>
  );
}

function BarFacts({ bar }: { bar: Bar }) {
  const { status, branch, scheduledMs, endedMs, dueMs, instanceId, startedMs } = bar;
  return (
    <dl class="instance-facts">
      <Fact name="Status">
        <span class="timeline-status" data-status={status}>
          {status}
        </span>
      </Fact>
      {branch !== undefined && (
        <Fact name="Branch">
          <BranchTag name={branch} />
        </Fact>
      )}
      <Fact name="Began">
        <Time at={scheduledMs} />
      </Fact>
      {startedMs !== undefined && startedMs !== scheduledMs && (
        <Fact name="Last attempt">
          <Time at={startedMs} />
        </Fact>
      )}
      {endedMs !== undefined && (
        <Fact name="Ended">
          <Time at={endedMs} /> <span class="quiet">after {formatDuration(endedMs - scheduledMs)}</span>
        </Fact>
      )}
      {dueMs !== undefined && endedMs === undefined && (
        <Fact name={status === "retrying" ? "Next attempt" : "Due"}>
          <Due ms={dueMs} />
        </Fact>
      )}
      {instanceId !== undefined && (
        <Fact name="Instance">
          <InstanceLink id={instanceId} />
        </Fact>
      )}
    </dl>
  );
}

function Attempts({ bar }: { bar: Bar }) {
  return (
    <TableBox label="Attempts">
      <table class="bar-table">
        <caption>Attempts</caption>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Status</th>
            <th scope="col">Began</th>
            <th scope="col">Took</th>
            <th scope="col">Error</th>
            <th scope="col">Pause after it</th>
          </tr>
        </thead>
        <tbody>
          {attemptsOf(bar).map(({ id, attempt, status, scheduledMs, endedMs, errorType, nextAttemptMs }, n) => (
            // A rewind runs the last one again, under its number.
            <tr key={`${id} ${n}`}>
              <th scope="row">{attempt}</th>
              <td>{status}</td>
              <td>
                <Time at={scheduledMs} />
              </td>
              <td>{endedMs === undefined ? "" : formatDuration(endedMs - scheduledMs)}</td>
              <td>{errorType ?? ""}</td>
              <td>
                {nextAttemptMs === undefined || endedMs === undefined ? "" : formatDuration(nextAttemptMs - endedMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

export function Payload({ title, text }: { title: string; text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <div class="payload">
      {title !== "" && <h3>{title}</h3>}
      <JsonView text={text} label={title === "" ? "the payload" : title.toLowerCase()} />
    </div>
  );
}

const ANSWERS =
  "TaskCompleted,TaskFailed,ChildWorkflowInstanceCompleted,ChildWorkflowInstanceFailed,UpdateCompleted,UpdateFailed";
const PAGES = 5;

/** The event that the bar begins with, and its last answer, which stands somewhere behind. */
async function readEvents(
  id: string,
  position: number,
  lastId: number | undefined,
  endedMs: number | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const path = at.workflows(id, "history");
  const page = (token: string, query: { limit: number; types?: string }) =>
    api.get<WireHistory>(path, { ...query, continuationToken: token }, { signal });
  const [first] = (await page(String(position), { limit: 1 })).events;
  if (first === undefined || endedMs === undefined) return { first };
  let token: string | undefined = String(position);
  for (let n = 0; n < PAGES && token !== undefined; n++) {
    const { events, continuationToken }: WireHistory = await page(token, { limit: 1_000, types: ANSWERS });
    const last = events.find((event) => isAnswerOf(event, first, lastId));
    if (last !== undefined) return { first, last };
    if ((events.at(-1)?.timestampMs ?? 0) > endedMs) break;
    token = continuationToken;
  }
  return { first };
}

function isAnswerOf(event: HistoryEvent, first: HistoryEvent, lastId: number | undefined): boolean {
  if ("updateId" in event) return "updateId" in first && event.updateId === first.updateId;
  return "id" in event && "id" in first && event.id === (lastId ?? first.id);
}

function inputOf(event: HistoryEvent | undefined): string | undefined {
  return event !== undefined && "input" in event ? event.input : undefined;
}

function resultOf(event: HistoryEvent | undefined): string | undefined {
  return event !== undefined && "result" in event ? event.result : undefined;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
