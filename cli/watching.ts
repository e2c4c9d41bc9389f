import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { HistoryEvent } from "../src/model/history-event.ts";
import { CliError, EXIT, ServerError } from "./errors.ts";
import { LostError, type Server } from "./server.ts";

/*
 * The live events of an instance, over as many connections as it takes.
 */

export type Watched =
  | { readonly type: "history"; readonly id: string; readonly event: HistoryEvent }
  | { readonly type: "execution"; readonly executionId: string; readonly generation: number }
  | { readonly type: "end"; readonly runtimeStatus: string }
  | { readonly type: "gone" };

/** The server sends a heartbeat every 15 seconds: a connection that brings nothing for three of them is lost. */
const PATIENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Ends with the instance. `onLost` is told each time that the connection is, and is made again. */
export async function* watch(server: Server, id: string, onLost: (error: Error) => void): AsyncGenerator<Watched> {
  let lastId: string | undefined;
  let wasThere = false;
  for (let failures = 0; ; failures++) {
    try {
      for await (const told of connect(server, id, lastId)) {
        wasThere = true;
        failures = 0;
        if (told.type === "history") lastId = told.id;
        yield told;
        if (told.type === "end" || told.type === "gone") return;
      }
    } catch (error) {
      if (wasThere && error instanceof ServerError && error.exitCode === EXIT.notFound) {
        yield { type: "gone" };
        return;
      }
      if (!wasThere || !isPassing(error)) throw error;
      onLost(error);
    }
    const most = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, (most * (1 + Math.random())) / 2));
  }
}

/** After a deploy all come at once, and an object may not be reached at first. */
function isPassing(error: unknown): error is Error {
  if (error instanceof ServerError) return error.status === 429 || error.status >= 500;
  return error instanceof LostError;
}

async function* connect(server: Server, id: string, after: string | undefined): AsyncGenerator<Watched> {
  const line = new AbortController();
  let late = setTimeout(() => line.abort(), PATIENCE_MS);
  const told: Watched[] = [];
  const parser = createParser({
    onEvent: (message) => {
      const one = watchedIn(message);
      if (one !== undefined) told.push(one);
    },
  });
  try {
    const stream = await server.stream("workflows", [id, "events"], { after }, line.signal);
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      clearTimeout(late);
      late = setTimeout(() => line.abort(), PATIENCE_MS);
      parser.feed(decoder.decode(bytes, { stream: true }));
      yield* told.splice(0);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new LostError(`the stream of events was cut off: ${error instanceof Error ? error.message : error}`);
  } finally {
    clearTimeout(late);
    line.abort();
  }
}

/** `undefined`: newer servers may tell more. */
function watchedIn({ id = "", event, data }: EventSourceMessage): Watched | undefined {
  const told = JSON.parse(data);
  switch (event) {
    case "history":
      return { type: event, id, event: told };
    case "execution":
      return { type: event, executionId: told.executionId, generation: told.generation };
    case "end":
      return { type: event, runtimeStatus: told.runtimeStatus };
    case "gone":
      return { type: event };
    default:
      return undefined;
  }
}
