import { type ReadonlySignal, signal } from "@preact/signals";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ApiError, apiFetch, errorOf } from "./api.ts";
import type { Query } from "./router.ts";

/*
 * Server-Sent Events over fetch, which sends the token as a header and can be resumed:
 *
 *   connecting --> live --> ended            `event: end` or `event: gone`
 *       ^           |
 *       |           v
 *       `------ reconnecting                 after 1 to 30 s, with the last ID
 *   any --> paused --> connecting            in a hidden tab; when it is seen again
 *   any --> ended                            close(), or an answer that stays wrong (4xx)
 *
 * No event is lost or told twice: each is passed on before its ID counts as the last.
 */

export type StreamState = "live" | "connecting" | "reconnecting" | "paused" | "ended";
export type StreamEvent = EventSourceMessage;

export interface WatchOptions {
  readonly onEvent: (event: StreamEvent) => void;
  /** An answer that trying again does not mend: 404, 403. */
  readonly onError?: (error: ApiError) => void;
  readonly lastEventId?: string | undefined;
}

export interface Watch {
  readonly state: ReadonlySignal<StreamState>;
  /** While it is reconnecting: when it tries again. */
  readonly retryInMs: ReadonlySignal<number>;
  close(): void;
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** A stream that has lived so long starts again at the first delay. */
const STEADY_MS = 5_000;
/** The server sends a heartbeat every 15 s: after three that did not come, the connection is dead, whatever the machine says. */
const SILENCE_MS = 50_000;

export function watch(path: string, query: Query | undefined, options: WatchOptions): Watch {
  const state = signal<StreamState>("connecting");
  const retryInMs = signal(0);
  let lastEventId = options.lastEventId;
  let delayMs = FIRST_DELAY_MS;
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const stop = (next: StreamState) => {
    clearTimeout(timer);
    state.value = next;
    current?.abort();
    current = undefined;
  };
  const end = () => {
    document.removeEventListener("visibilitychange", seen);
    stop("ended");
  };
  const seen = () => {
    if (document.hidden) stop("paused");
    else if (state.value === "paused") void connect();
  };
  const onEvent = (event: StreamEvent) => {
    options.onEvent(event);
    if (event.id !== undefined) lastEventId = event.id;
    if (event.event === "end" || event.event === "gone") end();
  };

  async function connect(): Promise<void> {
    const controller = new AbortController();
    current = controller;
    state.value = state.value === "reconnecting" ? "reconnecting" : "connecting";
    const openedAtMs = performance.now();
    try {
      const headers = {
        accept: "text/event-stream",
        ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
      };
      const response = await apiFetch(path, { query, headers, signal: controller.signal });
      if (!response.ok) throw await errorOf(response);
      if (current !== controller) return;
      state.value = "live";
      retryInMs.value = 0;
      await read(response, controller, onEvent);
    } catch (error) {
      if (current !== controller) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        options.onError?.(error);
        end();
        return;
      }
    }
    if (current !== controller) return;
    if (performance.now() - openedAtMs > STEADY_MS) delayMs = FIRST_DELAY_MS;
    const waitMs = delayMs * (0.75 + Math.random() * 0.5);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    state.value = "reconnecting";
    retryInMs.value = waitMs;
    timer = setTimeout(connect, waitMs);
  }

  document.addEventListener("visibilitychange", seen);
  if (document.hidden) state.value = "paused";
  else void connect();
  return { state, retryInMs, close: end };
}

/** Ends with the connection, also with one that has gone silent. */
async function read(response: Response, controller: AbortController, onEvent: (event: StreamEvent) => void) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const parser = createParser({
    onEvent: (event) => {
      if (!controller.signal.aborted) onEvent(event);
    },
  });
  let silence: ReturnType<typeof setTimeout> | undefined;
  try {
    while (true) {
      silence = setTimeout(() => void reader.cancel().catch(() => {}), SILENCE_MS);
      const { done, value } = await reader.read();
      clearTimeout(silence);
      if (done) return;
      parser.feed(value);
    }
  } finally {
    clearTimeout(silence);
  }
}
