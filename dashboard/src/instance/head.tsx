import { formatDuration } from "../app/times.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Duration } from "../parts/duration.tsx";
import { Icon } from "../parts/icon.tsx";
import { type Standing, StatusChip } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import { Actions, NextSteps } from "./actions.tsx";
import { StepLink } from "./failure.tsx";
import type { Feed } from "./feed.ts";
import { type Moment, openCalls } from "./model/moment.ts";
import { reasonsOf } from "./model/why.ts";
import { msOf, type WireDetail } from "./model/wire.ts";
import { Fact, InstanceLink, ReasonView } from "./parts.tsx";

/** Who it is, how it is, and why. */
export function Head({ feed }: { feed: Feed }) {
  const [moment, detail] = [feed.moment.value, feed.detail.value];
  if (moment === undefined || detail === undefined) return null;
  const isSketch = detail.executionId === "";
  // What runs has its reasons in what is still being read.
  const reasons = isSketch && moment.status === "RUNNING" ? [] : reasonsOf(moment, detail);
  const { standing, more } = shownStanding(moment, detail);
  return (
    <header class="instance-head">
      <div class="instance-title">
        <h1 class="instance-id">{feed.id}</h1>
        <CopyButton text={feed.id} label="Copy the ID" />
        <StatusChip standing={standing} more={more} />
        <Live feed={feed} />
        <Actions id={feed.id} moment={moment} detail={detail} />
      </div>
      <p class="hidden-text" role="status">
        {feed.id} is {standing}
      </p>
      {feed.isAnew.value && (
        <p class="notice" role="status">
          It has begun a new execution while you were looking: generation {moment.generation}. What was before is gone
          with it.
        </p>
      )}
      {reasons.length > 0 && (
        <div class="why">
          <ul class="reasons" aria-label="Why">
            {reasons.map((reason, n) => (
              <ReasonView key={n} reason={reason}>
                {reason.tone === "bad" && moment.failure !== undefined && (
                  <StepLink failure={moment.failure} feed={feed} />
                )}
              </ReasonView>
            ))}
          </ul>
          <div class="why-next">
            <NextSteps id={feed.id} moment={moment} detail={detail} />
          </div>
        </div>
      )}
      <Facts feed={feed} moment={moment} detail={detail} />
    </header>
  );
}

function Facts({ feed, moment, detail }: { feed: Feed; moment: Moment; detail: WireDetail }) {
  const { name, version, endedMs = msOf(detail.endedAt), generation } = moment;
  const started = feed.started.value;
  const attributes = Object.entries(detail.searchAttributes ?? {});
  const trace = traceOf(started?.traceparent);
  const customStatus = detail.customStatus ?? "";
  return (
    <dl class="instance-facts">
      <Fact name="Workflow">
        <span class="mono">{name || "not known yet"}</span>
        {version !== undefined && <span class="tag">{version}</span>}
      </Fact>
      {customStatus !== "" && (
        <Fact name="Custom status">
          <span class="custom-status">{customStatus}</span>
        </Fact>
      )}
      <Fact name="Created">
        <Time at={detail.createdAt} />{" "}
        <span class="quiet">
          (<Time at={detail.createdAt} relative />)
        </span>
      </Fact>
      {endedMs === undefined ? (
        <Fact name="Age">
          <Duration from={detail.createdAt} />
        </Fact>
      ) : (
        <Fact name="Ended">
          <Time at={endedMs} />{" "}
          <span class="quiet">after {formatDuration(endedMs - Date.parse(detail.createdAt))}</span>
        </Fact>
      )}
      {endedMs === undefined && moment.lastMs !== undefined && (
        <Fact name="Last event">
          <Time at={moment.lastMs} relative />
        </Fact>
      )}
      {detail.parentInstanceID !== undefined && (
        <Fact name="Parent">
          <InstanceLink id={detail.parentInstanceID} />
        </Fact>
      )}
      {started?.rerunOf !== undefined && (
        <Fact name="Rerun of">
          <InstanceLink id={started.rerunOf.instanceId} />
          {started.rerunOf.eventId !== undefined && <span class="quiet"> from #{started.rerunOf.eventId}</span>}
        </Fact>
      )}
      {generation > 0 && <Fact name="Generation">{generation}, by continue-as-new</Fact>}
      {(started?.actor ?? detail.actor) !== undefined && (
        <Fact name="Started by">
          <span>{started?.actor ?? detail.actor}</span>
          {started?.reason !== undefined && <span class="quiet">: {started.reason}</span>}
        </Fact>
      )}
      {attributes.length > 0 && (
        <Fact name="Attributes">
          {attributes.map(([key, value]) => (
            <span key={key} class="tag">
              {key}={typeof value === "string" ? value : JSON.stringify(value)}
            </span>
          ))}
        </Fact>
      )}
      {trace !== undefined && (
        <Fact name="Trace">
          <span class="mono trace">{trace}</span> <CopyButton text={trace} label="Copy the trace ID" />
        </Fact>
      )}
      {detail.retention !== undefined && <Fact name="Kept after its end">{detail.retention}</Fact>}
      <Fact name="Size">{detail.executionId === "" ? "…" : sizeOf(moment, detail)}</Fact>
    </dl>
  );
}

/** RUNNING is told apart as the list does: what waits, what is tried again, and in which attempt. */
export function shownStanding(
  moment: Moment,
  detail: WireDetail | undefined,
): { standing: Standing; more?: string | undefined } {
  if (moment.status !== "RUNNING") return { standing: moment.status.toLowerCase() as Standing };
  const calls = openCalls(moment);
  const retried = calls.filter(({ status, attempt }) => status === "retrying" || attempt > 1);
  if (retried.length > 0)
    return { standing: "retrying", more: `(attempt ${Math.max(...retried.map(({ attempt }) => attempt))})` };
  if (calls.some(({ kind }) => kind === "activity")) return { standing: "running" };
  const waits = detail?.waitingFor !== undefined || calls.length > 0 || moment.timers.size > 0;
  return { standing: waits ? "waiting" : "running" };
}

const STATES = {
  live: "Live",
  connecting: "Connecting …",
  reconnecting: "Reconnecting",
  paused: "Paused while the tab is hidden",
  ended: "",
} as const;

/** Whether what is shown is what is. */
function Live({ feed }: { feed: Feed }) {
  const stream = feed.stream.value;
  if (stream === undefined) return null;
  const state = stream.state.value;
  if (state === "ended") return null;
  const wait =
    state === "reconnecting" && stream.retryInMs.value > 0 ? ` in ${formatDuration(stream.retryInMs.value)}` : "";
  return (
    <span class="live" data-state={state}>
      <Icon name={state === "live" ? "zap" : "loader"} size={14} />
      {STATES[state]}
      {wait}
    </span>
  );
}

function traceOf(traceparent: string | undefined): string | undefined {
  const id = /^00-([0-9a-f]{32})-/.exec(traceparent ?? "")?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

function sizeOf({ events }: Moment, { sizes }: WireDetail): string {
  const count = `${events.toLocaleString("en")} ${events === 1 ? "event" : "events"}`;
  return sizes === undefined ? count : `${count}, ${formatBytes(sizes.historyBytes)}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
