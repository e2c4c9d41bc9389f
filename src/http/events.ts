import type { WatchResult } from "../instance/protocol.ts";
import { type HistoryPosition, readPosition } from "../model/history-position.ts";
import { isJobId } from "../model/ids.ts";
import { readOptionalFields } from "./body.ts";
import type { Call } from "./call.ts";
import { mayReach } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { type HttpError, instanceNotFound, malformed, operationFailed, tooManyWatchers } from "./errors.ts";
import { eventStream } from "./event-stream.ts";
import { callInstance } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { EVENTS, IS_EVENT_ID, readParameters } from "./parameters.ts";
import type { Reply } from "./replies.ts";

/** Nothing on the way is to wait for more before it passes on what it has, as compression does. */
const HEADERS = { "content-encoding": "identity" };

/**
 * `GET …/{id}/events[?after=]`: the events of the history as they happen, as Server-Sent Events. The Worker holds the stream, and a WebSocket to
 * the instance, which may go out of memory meanwhile.
 */
export async function getEvents(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const after = readAfter(call);
  const target = { operation: "history", instanceId: id, subject: id } as const;
  call.instanceId = id;
  checkAppId(call, deps, target);
  if (isJobId(id) || !mayReach(call, id)) throw instanceNotFound(id);
  const result = await callInstance(call, deps, target, () => deps.watch(id, after));
  if (!result.ok) throw watchRefused(id, result);
  const body = eventStream(result.socket, call.request.signal);
  return { status: 200, body, contentType: "text/event-stream", headers: HEADERS };
}

/** A browser that connects again sends the header, and with it the address that it was given at first. */
function readAfter(call: Call): HistoryPosition | undefined {
  const { after } = readParameters(call, EVENTS);
  const header = call.request.headers.get("last-event-id");
  if (!header) return after === undefined ? undefined : readPosition(after);
  const position = readPosition(header);
  if (position !== undefined) return position;
  throw malformed(`header Last-Event-ID ${IS_EVENT_ID}, found ${JSON.stringify(header.slice(0, 300))}`);
}

export function watchRefused(id: string, result: Extract<WatchResult, { ok: false }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return instanceNotFound(id);
    case "UNREADABLE":
      return operationFailed("history", id, `workflow is stalled: ${result.message}`);
    case "TOO_MANY":
      return tooManyWatchers(id, result.most);
    case "BEYOND_END":
      return malformed(`the event after which to begin does not exist: the execution has ${result.length} events`);
  }
}
