import { useEffect, useMemo, useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { route, setQuery } from "../app/router.ts";
import { formatDuration } from "../app/times.ts";
import { Failed, messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Menu } from "../parts/menu.tsx";
import { StatusChip } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import type { Feed } from "./feed.ts";
import { shownStanding } from "./head.tsx";
import { Bars } from "./model/bars.ts";
import type { Moment } from "./model/moment.ts";
import { labelOf } from "./model/rows.ts";
import { type TestRunner, testFileOf } from "./model/test-file.ts";
import type { HistoryEvent, WireDetail, WirePast } from "./model/wire.ts";
import { Pending } from "./overview.tsx";
import { Card, download, Fact } from "./parts.tsx";
import { Timeline } from "./timeline/timeline.tsx";
import { TravelFeed } from "./travel-feed.ts";

/** Where it stood after any of its events, and a test that replays it up to there. */
export function TimeTravel({ feed }: { feed: Feed }) {
  const execution = feed.executions.value;
  const [history, setHistory] = useState<TravelFeed | undefined>(undefined);
  useEffect(() => {
    const read = new TravelFeed(feed);
    setHistory(read);
    return () => read.close();
  }, [feed, execution]);
  if (history === undefined) return null;
  if (history.error.value !== undefined && history.read.value === 0)
    return <Failed error={history.error.value} what="The history" onRetry={() => void history.load()} />;
  const total = history.read.value;
  const isPlaced = Number(route.value.query.get("at") ?? Number.POSITIVE_INFINITY) <= total;
  if (total === 0 && history.isWhole.value) return <p class="loading">Nothing has happened yet.</p>;
  // The present is at the end of what is read.
  if (!history.isWhole.value && !isPlaced) {
    const all = feed.moment.value?.events ?? total;
    return (
      <p class="loading">
        Reading the history: {total.toLocaleString("en")} of {all.toLocaleString("en")} events …
      </p>
    );
  }
  return <Travelled feed={feed} history={history} total={total} />;
}

function Travelled({ feed, history, total }: { feed: Feed; history: TravelFeed; total: number }) {
  const asked = Number(route.value.query.get("at") ?? Number.NaN);
  // Without a place it is the present, and goes on with it.
  const place = Number.isInteger(asked) ? Math.min(total, Math.max(1, asked)) : total;
  const moment = useMemo(() => history.travel.at(place), [history, place, total]);
  const event = history.travel.events[place - 1];
  const past = useMemo(
    () => ({ bars: Bars.ofHistory("", history.travel.events.slice(0, place)).all, ms: event?.timestampMs ?? 0 }),
    [history, place, event],
  );
  if (event === undefined) return null;
  const { told, problem } = useTold(feed, place);
  const move = (to: number) =>
    setQuery({ at: to >= total && history.isWhole.value ? undefined : Math.max(1, to) }, { replace: true });
  return (
    <>
      <Card title="Time travel" aside={<MakeTest feed={feed} events={history.travel.events} count={place} />}>
        <div class="travel">
          <Steps place={place} total={total} events={history.travel.events} onMove={move} />
          <input
            type="range"
            class="travel-slider"
            aria-label="Event"
            aria-valuetext={`${place} of ${total}: ${event.type} ${labelOf(event)}`}
            min={1}
            max={total}
            value={place}
            onInput={({ currentTarget }) => move(Number(currentTarget.value))}
          />
          <p class="travel-place">
            after event <strong>{(place - 1).toLocaleString("en")}</strong> of 0 to {(total - 1).toLocaleString("en")}
            {!history.isWhole.value && <span class="quiet"> (more is being read)</span>}
          </p>
        </div>
        {history.error.value !== undefined && (
          <Failed error={history.error.value} what="The rest of the history" onRetry={() => void history.load()} />
        )}
        <State moment={moment} event={event} told={told} />
        {problem !== undefined && <p role="alert">{problem}</p>}
      </Card>
      <Timeline feed={feed} past={past} />
      <Pending moment={moment} told={told} isPast />
      <Card title="The event">
        <JsonView text={JSON.stringify(event)} label="the event" />
      </Card>
    </>
  );
}

const SETTLED_MS = 250;

/** What no event tells: the code of today is run over the events up to there, on the server, when the slider rests. */
function useTold(feed: Feed, place: number): { told: WirePast | undefined; problem: string | undefined } {
  const [answer, setAnswer] = useState<{ place: number; told?: WirePast | undefined; problem?: string }>({ place: 0 });
  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const query = { detail: "full", fetchPayloads: false, at: place };
        const { past } = await api.get<WireDetail>(at.workflows(feed.id), query, { signal: controller.signal });
        const stall = past?.stall;
        const problem = stall && `Today's code does not fit these events (${stall.reason}): ${stall.message}`;
        setAnswer({ place, told: stall === undefined ? past : undefined, ...(problem !== undefined && { problem }) });
      } catch (error) {
        if (!controller.signal.aborted)
          setAnswer({ place, problem: `What it waited for could not be read: ${messageOf(error)}` });
      }
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [feed, place]);
  return answer.place === place
    ? { told: answer.told, problem: answer.problem }
    : { told: undefined, problem: undefined };
}

function State({ moment, event, told }: { moment: Moment; event: HistoryEvent; told: WirePast | undefined }) {
  const { standing, more } = shownStanding(moment, undefined);
  const { startedMs, version, raised, completed, failures } = moment;
  return (
    <dl class="instance-facts">
      <Fact name="Status then">
        <StatusChip standing={standing} more={more} />
      </Fact>
      <Fact name="Custom status then">
        {told === undefined ? (
          <span class="quiet">…</span>
        ) : (
          <span class="custom-status">{told.customStatus || "none"}</span>
        )}
      </Fact>
      <Fact name="Waited for">
        {told === undefined ? <span class="quiet">…</span> : (waitedFor(told, moment) ?? "nothing but its calls")}
      </Fact>
      <Fact name="Last event">
        <span class="mono">
          {event.type} {labelOf(event)}
        </span>
      </Fact>
      <Fact name="Time">
        <Time at={event.timestampMs} />
        {startedMs !== undefined && <span class="quiet"> +{formatDuration(event.timestampMs - startedMs)}</span>}
      </Fact>
      {version !== undefined && <Fact name="Version">{version}</Fact>}
      <Fact name="Calls answered">
        {completed} completed, {failures} failed
      </Fact>
      {raised.size > 0 && (
        <Fact name="Events so far">
          {[...raised].map(([name, count]) => (
            <span key={name} class="tag">
              {name} × {count}
            </span>
          ))}
        </Fact>
      )}
    </dl>
  );
}

function waitedFor({ awaitedEvents, awaitsCondition, openTimers }: WirePast, { endedMs }: Moment): string | undefined {
  if (endedMs !== undefined) return undefined;
  const waits = [
    ...awaitedEvents.map((name) => `event ${name}`),
    ...openTimers.map((id) => `timer #${id}`),
    ...(awaitsCondition ? ["a condition"] : []),
  ];
  return waits.length === 0 ? undefined : waits.join(", ");
}

/** To its beginning and end, to the event before and behind, and to where something failed. */
function Steps({
  place,
  total,
  events,
  onMove,
}: {
  place: number;
  total: number;
  events: readonly HistoryEvent[];
  onMove: (to: number) => void;
}) {
  const failure = (from: number, step: 1 | -1) => {
    for (let n = from; n >= 0 && n < events.length; n += step)
      if (events[n]?.type.endsWith("Failed") === true) return n + 1;
    return undefined;
  };
  const [before, behind] = [failure(place - 2, -1), failure(place, 1)];
  return (
    <div class="travel-steps">
      <button type="button" class="button-small" disabled={place <= 1} onClick={() => onMove(1)}>
        First
      </button>
      <button
        type="button"
        class="button-small"
        disabled={place <= 1}
        aria-label="Event before"
        onClick={() => onMove(place - 1)}
      >
        <Icon name="arrow-left" size={14} />
      </button>
      <button
        type="button"
        class="button-small"
        disabled={place >= total}
        aria-label="Next event"
        onClick={() => onMove(place + 1)}
      >
        <Icon name="chevron-right" size={14} />
      </button>
      <button type="button" class="button-small" disabled={place >= total} onClick={() => onMove(total)}>
        Last
      </button>
      {(before !== undefined || behind !== undefined) && (
        <>
          <button
            type="button"
            class="button-small"
            disabled={before === undefined}
            onClick={() => before !== undefined && onMove(before)}
          >
            Failure before
          </button>
          <button
            type="button"
            class="button-small"
            disabled={behind === undefined}
            onClick={() => behind !== undefined && onMove(behind)}
          >
            Next failure
          </button>
        </>
      )}
    </div>
  );
}

/** A file for the test kit. */
function MakeTest({ feed, events, count }: { feed: Feed; events: readonly HistoryEvent[]; count: number }) {
  const make = (runner: TestRunner) => {
    const { name, text } = testFileOf({ instanceId: feed.id, events, count, runner });
    download(name, new Blob([text], { type: "application/octet-stream" }));
  };
  return (
    <Menu
      label="Make a test of this"
      items={[
        { label: "for node --test", icon: "download", onSelect: () => make("node") },
        { label: "for vitest", icon: "download", onSelect: () => make("vitest") },
      ]}
    >
      <Icon name="flask-conical" /> Make a test of this
    </Menu>
  );
}
