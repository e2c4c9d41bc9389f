import { useEffect, useState } from "preact/hooks";
import { ApiError, api, at } from "../app/api.ts";
import { Empty } from "../parts/empty.tsx";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusChip, standingOf } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import type { Feed } from "./feed.ts";
import type { HistoryEvent, WireDetail, WireHistory } from "./model/wire.ts";
import { Card, InstanceLink } from "./parts.tsx";

/** Where it comes from, and what it has brought forth. */
export function Relations({ feed }: { feed: Feed }) {
  const detail = feed.detail.value;
  const rerunOf = feed.started.value?.rerunOf;
  const parent = detail?.parent;
  return (
    <>
      {(parent !== undefined || rerunOf !== undefined) && (
        <Card title="Comes from">
          <ul class="relations">
            {parent !== undefined && (
              <li>
                <Icon name="git-fork" /> child of <InstanceLink id={parent.instanceId} />
                <Known id={parent.instanceId} />{" "}
                <span class="quiet">
                  workflow <code>{parent.name}</code>, call #{parent.taskId}
                </span>
              </li>
            )}
            {rerunOf !== undefined && (
              <li>
                <Icon name="rotate-ccw" /> rerun of <InstanceLink id={rerunOf.instanceId} />
                <Known id={rerunOf.instanceId} />{" "}
                <span class="quiet">
                  {rerunOf.eventId === undefined
                    ? "from its beginning"
                    : `from call #${rerunOf.eventId}, with ${rerunOf.events} events taken over`}
                </span>
              </li>
            )}
          </ul>
        </Card>
      )}
      <Card title="Children">
        <Descendants key={feed.executions.value} id={feed.id} feed={feed} depth={0} />
      </Card>
    </>
  );
}

interface Made {
  readonly key: string;
  readonly what: "child" | "started" | "told";
  readonly name: string;
  readonly instanceId: string;
  readonly atMs: number;
}

const TYPES = "ChildWorkflowInstanceCreated,DetachedWorkflowScheduled,EventSent";
const PAGE = 100;
const MOST_DEPTH = 12;

function Descendants({ id, feed, depth }: { id: string; feed?: Feed; depth: number }) {
  const [made, setMade] = useState<readonly Made[]>([]);
  const [token, setToken] = useState<string | undefined>(undefined);
  const [state, setState] = useState<"loading" | "ready" | { readonly error: unknown }>("loading");
  const read = async (from: string | undefined, signal?: AbortSignal) => {
    setState("loading");
    try {
      const query = { types: TYPES, limit: PAGE, continuationToken: from };
      const page = await api.get<WireHistory>(at.workflows(id, "history"), query, { signal });
      const found = page.events.flatMap((event, n) => madeBy(event, `${from ?? ""} ${n}`) ?? []);
      setMade((before) => (from === undefined ? found : [...before, ...found]));
      setToken(page.continuationToken);
      setState("ready");
    } catch (error) {
      if (signal?.aborted !== true) setState({ error });
    }
  };
  useEffect(() => {
    const controller = new AbortController();
    void read(undefined, controller.signal);
    const stop = feed?.onEvents((events) => {
      const more = events.flatMap(({ event, position }) => madeBy(event, `live ${position}`) ?? []);
      if (more.length > 0)
        setMade((before) => [
          ...before,
          ...more.filter(
            (one) => !before.some((other) => other.instanceId === one.instanceId && other.atMs === one.atMs),
          ),
        ]);
    });
    return () => {
      controller.abort();
      stop?.();
    };
  }, [id]);
  return (
    <>
      {made.length > 0 && (
        <ul class="relations">
          {made.map((one) => (
            <Descendant key={one.key} made={one} depth={depth} />
          ))}
        </ul>
      )}
      {state === "loading" && <p class="quiet">Loading …</p>}
      {typeof state === "object" && <p role="alert">{messageOf(state.error)}</p>}
      {state === "ready" && token !== undefined && (
        <button type="button" class="button" onClick={() => void read(token)}>
          Load more
        </button>
      )}
      {state === "ready" && token === undefined && made.length === 0 && depth === 0 && (
        <Empty title="It has no children" icon="git-fork">
          <p>Workflows that it calls, starts or sends an event to stand here.</p>
        </Empty>
      )}
      {state === "ready" && token === undefined && made.length === 0 && depth > 0 && <p class="quiet">It has none.</p>}
    </>
  );
}

const WORDS = { child: "child", started: "started on its own", told: "was sent an event" } as const;

function Descendant({ made: { what, name, instanceId, atMs }, depth }: { made: Made; depth: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <div class="relation">
        {what === "child" && depth < MOST_DEPTH ? (
          <button
            type="button"
            class="timeline-open"
            aria-expanded={isOpen}
            aria-label={`${isOpen ? "Hide" : "Show"} the children of ${instanceId}`}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={14} />
          </button>
        ) : (
          <Icon name={what === "told" ? "send" : "git-branch"} size={14} />
        )}
        <InstanceLink id={instanceId} />
        <Known id={instanceId} />
        <span class="quiet">
          <code>{name}</code>, {WORDS[what]} <Time at={atMs} />
        </span>
      </div>
      {isOpen && <Descendants id={instanceId} depth={depth + 1} />}
    </li>
  );
}

/** How it is now, asked for when it comes into view. */
function Known({ id }: { id: string }) {
  const [state, setState] = useState<WireDetail | "gone" | undefined>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    api
      .get<WireDetail>(at.workflows(id), { fetchPayloads: false }, { signal: controller.signal })
      .then(setState, (error: unknown) => {
        if (error instanceof ApiError && error.status === 404) setState("gone");
      });
    return () => controller.abort();
  }, [id]);
  if (state === undefined) return null;
  return state === "gone" ? <span class="tag">purged</span> : <StatusChip standing={standingOf(state)} />;
}

function madeBy(event: HistoryEvent, key: string): Made | undefined {
  const { type, timestampMs: atMs } = event;
  switch (type) {
    case "ChildWorkflowInstanceCreated":
      return { key, what: "child", name: event.name, instanceId: event.instanceId, atMs };
    case "DetachedWorkflowScheduled":
      return { key, what: "started", name: event.name, instanceId: event.instanceId, atMs };
    case "EventSent":
      return { key, what: "told", name: event.name, instanceId: event.instanceId, atMs };
    default:
      return undefined;
  }
}
