import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { HistoryEvent } from "../src/model/history-event.ts";
import { CliError, EXIT, ServerError } from "./errors.ts";
import { Reconnecting } from "./reconnecting.ts";
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

/** Ends with the instance. A lost connection is made again. */
export async function* watch(server: Server, id: string): AsyncGenerator<Watched> {
  const reconnecting = new Reconnecting();
  let lastId: string | undefined;
  let wasThere = false;
  for (;;) {
    try {
      for await (const told of connect(server, id, lastId)) {
        wasThere = true;
        reconnecting.reached();
        if (told.type === "history") lastId = told.id;
        yield told;
        if (told.type === "end" || told.type === "gone") return;
      }
      // The server has ended the stream, and not the instance.
      await reconnecting.pause();
    } catch (error) {
      if (wasThere && error instanceof ServerError && error.exitCode === EXIT.notFound) {
        yield { type: "gone" };
        return;
      }
      if (!wasThere) throw error;
      await reconnecting.after(error);
    }
  }
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
