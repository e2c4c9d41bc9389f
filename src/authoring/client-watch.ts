import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { HistoryEvent } from "../model/history-event.ts";
import { readPosition } from "../model/history-position.ts";
import { WorkflowApiError } from "./client-errors.ts";
import { isLost, MAX_ATTEMPTS } from "./lost-connection.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import { piecesOf } from "./text-stream.ts";
import type { WorkflowApi } from "./workflow-api.ts";

/** What a watch tells. */
export type WatchedEvent =
  /** `id` is what to begin `after` another time. */
  | {
      readonly type: "history";
      readonly id: string;
      readonly executionId: string;
      /** The first event of an execution is 0. */
      readonly position: number;
      readonly event: HistoryEvent;
    }
  /** Another execution than the one before: what was not read of that is gone with it. */
  | { readonly type: "execution"; readonly executionId: string; readonly generation: number }
  /** The last: the instance has ended. */
  | { readonly type: "end"; readonly runtimeStatus: WorkflowRuntimeStatus }
  /** The last: the instance was purged. */
  | { readonly type: "gone" };

export interface Watch {
  readonly path: string;
  readonly after: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Until the instance has ended, over as many connections as it takes. */
export async function* watch(api: WorkflowApi, { path, after, signal }: Watch): AsyncGenerator<WatchedEvent> {
  let lastId = after;
  let wasThere = false;
  for (let failures = 1; ; failures++) {
    const connection = connect(api, path, lastId, signal);
    try {
      for (;;) {
        const next = await nextOf(connection, wasThere, failures);
        if (next === "lost") break;
        wasThere = true;
        failures = 1;
        if (next === "open") continue;
        if (next.type === "history") lastId = next.id;
        yield next;
        if (next.type === "end" || next.type === "gone") return;
      }
    } finally {
      await connection.return(undefined);
    }
    await pause(failures, signal);
  }
}

/** Rejects when the server refuses, was never reached, or the caller has ended it. `wasThere`: it has been watched before. */
async function nextOf(
  connection: AsyncGenerator<WatchedEvent | "open">,
  wasThere: boolean,
  failures: number,
): Promise<WatchedEvent | "open" | "lost"> {
  try {
    const { done, value } = await connection.next();
    return done ? "lost" : value;
  } catch (error) {
    if (isLost(error) && (wasThere || failures < MAX_ATTEMPTS)) return "lost";
    if (!wasThere || !(error instanceof WorkflowApiError)) throw error;
    if (error.errorCode === "ERR_INSTANCE_ID_NOT_FOUND") return { type: "gone" };
    // After a deploy all come at once, and an object may not be reached at first.
    if (error.status === 429 || error.status >= 500) return "lost";
    throw error;
  }
}

/** "open" comes first, when the server has answered. Ends with the stream; rejects when it is lost, or the caller ends it. */
async function* connect(
  api: WorkflowApi,
  path: string,
  after: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchedEvent | "open"> {
  const open = (line: AbortSignal) => api.open("text/event-stream", path, { after }, line);
  const parser = new Parser();
  let isOpen = false;
  for await (const piece of piecesOf("The stream of events", open, signal)) {
    if (!isOpen) yield "open";
    isOpen = true;
    yield* parser.read(piece);
  }
}

/** Reads Server-Sent Events, whatever pieces they come in. */
export class Parser {
  #read: WatchedEvent[] = [];
  readonly #parser = createParser({
    onEvent: (message) => {
      const event = eventOf(message);
      if (event !== undefined) this.#read.push(event);
    },
  });

  read(text: string): WatchedEvent[] {
    this.#parser.feed(text);
    const read = this.#read;
    this.#read = [];
    return read;
  }
}

/** `undefined`: newer servers may tell more. */
function eventOf({ id = "", event, data }: EventSourceMessage): WatchedEvent | undefined {
  const told = JSON.parse(data);
  if (event === "history") return { type: event, id, ...positionIn(id), event: told };
  if (event === "execution") return { type: event, executionId: told.executionId, generation: told.generation };
  if (event === "gone") return { type: event };
  if (event !== "end") return undefined;
  return { type: event, runtimeStatus: WorkflowRuntimeStatus[told.runtimeStatus as "RUNNING"] };
}

function positionIn(id: string): { executionId: string; position: number } {
  const { executionId = "", position = 0 } = readPosition(id) ?? {};
  return { executionId, position };
}

/** Doubling, at most 30 s, and between half and all of that by chance. Rejects when the caller ends it. */
function pause(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const most = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", end);
        resolve();
      },
      (most * (1 + Math.random())) / 2,
    );
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
  });
}
