import { useEffect, useState } from "preact/hooks";
import { api, at } from "../../app/api.ts";
import { messageOf } from "../../parts/failed.tsx";
import type { Feed } from "../feed.ts";
import { type Bar, Bars } from "../model/bars.ts";
import type { WireTimeline } from "../model/wire.ts";

const MOST_BARS = 500;
const AGAIN_MS = 2_000;

interface Children {
  /** Counts what has changed. */
  readonly changes: number;
  readonly problem: string | undefined;
  readonly barsOf: (id: string) => readonly Bar[] | undefined;
  readonly toggle: (id: string) => void;
}

/** The children that are opened in the timeline of their parent; those that still run are asked again as long as they are seen. */
export function useChildren(feed: Feed): Children {
  const [opened, setOpened] = useState<ReadonlyMap<string, readonly Bar[]>>(new Map());
  const [changes, setChanges] = useState(0);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const read = async (id: string, signal?: AbortSignal) => {
    const query = { order: "desc", limit: MOST_BARS };
    const bars = Bars.of(await api.get<WireTimeline>(at.workflows(id, "timeline"), query, { signal }));
    if (signal?.aborted === true) return;
    setOpened((before) => (signal === undefined || before.has(id) ? new Map(before).set(id, bars.all) : before));
    setChanges((count) => count + 1);
  };
  const toggle = (id: string) => {
    if (!opened.has(id)) {
      read(id).then(
        () => setProblem(undefined),
        (error: unknown) => setProblem(`${id} could not be read: ${messageOf(error)}`),
      );
      return;
    }
    setOpened(new Map([...opened].filter(([one]) => one !== id)));
    setChanges(changes + 1);
  };
  const stillRuns = [...opened].filter(([, bars]) => bars.some(isOpen)).map(([id]) => id);
  useEffect(() => {
    if (stillRuns.length === 0) return;
    const controller = new AbortController();
    const timer = setInterval(() => {
      if (document.hidden) return;
      for (const id of stillRuns) read(id, controller.signal).catch(() => undefined);
    }, AGAIN_MS);
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [stillRuns.join("\n"), feed]);
  return { changes, problem, barsOf: (id) => opened.get(id), toggle };
}

function isOpen({ status }: Bar): boolean {
  return status === "running" || status === "retrying" || status === "waiting";
}
