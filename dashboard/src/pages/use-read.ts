import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { changed } from "../act/changed.ts";
import { mayMend } from "../app/api.ts";

/** What was read: the last that has come, and what has gone wrong since. */
export interface Reading<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  /** When `value` was read. */
  readonly atMs: number;
  readonly again: () => void;
}

const USUAL_MS = 5_000;

/**
 * Reads, and reads again: every so often while the page is seen, at once when it is seen again, and when an action has changed something. What was
 * read stays while the next is on its way, and when that fails. `key` says what is read: another key is another thing, which begins with nothing.
 */
export function useRead<T>(key: string, read: (signal: AbortSignal) => Promise<T>, everyMs = USUAL_MS): Reading<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: unknown; atMs: number }>({ key, atMs: 0 });
  const latest = useRef(read);
  latest.current = read;
  const again = useRef(() => {});
  useEffect(() => {
    let controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      clearTimeout(timer);
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      let goesOn = true;
      try {
        const value = await latest.current(signal);
        if (signal.aborted) return;
        setState({ key, value, atMs: Date.now() });
      } catch (error) {
        if (signal.aborted) return;
        goesOn = mayMend(error);
        setState((before) => ({ ...(before.key === key ? before : { key, atMs: 0 }), error }));
      }
      if (goesOn && everyMs > 0 && !document.hidden) timer = setTimeout(once, everyMs);
    };
    const seen = () => {
      if (document.hidden) clearTimeout(timer);
      else void once();
    };
    again.current = () => void once();
    document.addEventListener("visibilitychange", seen);
    void once();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, everyMs]);
  const actions = useRef(changed.peek());
  useSignalEffect(() => {
    if (changed.value === actions.current) return;
    actions.current = changed.value;
    again.current();
  });
  const own = state.key === key ? state : { key, atMs: 0 };
  return { value: own.value, error: own.error, atMs: own.atMs, again: () => again.current() };
}
