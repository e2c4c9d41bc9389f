import type { HistoryPage, HistoryPlace, HistoryRequest } from "../instance/protocol.ts";
import { positionText, readPosition } from "../model/history-position.ts";
import { readOptionalFields } from "./body.ts";
import { type Call, queryValue } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { instanceNotFound, malformed, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";
import { targetOf } from "./instance-id.ts";
import { HISTORY_PAGE, readParameters, TIMELINE_PAGE } from "./parameters.ts";
import { json, type Reply } from "./replies.ts";
import { toBar } from "./timeline.ts";

/*
 * What has happened to an instance, beyond Dapr and under /v1.0 only: its history, event by event, and as bars of a timeline.
 *
 * A token names its execution, `<executionId>.<position>`: when the instance has continued as new since, the rest of that history is gone,
 * and the token is refused. A number alone, which tokens were before, is a place in the execution that is current.
 */

/**
 * `GET …/{id}/history`: 200 `{"events":[…],"positions"?,"continuationToken"?,"complete"?}`, the events of the current execution from one end. There are
 * more as long as there is a token; `"complete": false` says that the search was given up before the page was full.
 * With `format=jsonl` the whole history is one answer, a line for each event.
 */
export async function getHistory(call: Call, deps: HttpDeps): Promise<Reply> {
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const { id } = call.params;
  const {
    limit,
    pageSize = limit,
    continuationToken,
    format,
    order,
    types,
    contains,
  } = readParameters(call, HISTORY_PAGE);
  const target = targetOf("history", call, deps);
  const ask = async (request: HistoryRequest): Promise<HistoryPage> => {
    const page = await callInstance(call, deps, target, (instance) => instance.history(request));
    if (page === undefined) throw instanceNotFound(id);
    if (page.unreadable !== undefined) throw operationFailed("history", id, `workflow is stalled: ${page.unreadable}`);
    if (page.isOver === true) throw isOver();
    const isFormer = page.executionId === undefined && (order === "desc" || (types ?? contains) !== undefined);
    if (isFormer) throw operationFailed("history", id, "it still runs in a former deployment; ask again");
    return page;
  };
  const search = { order: order === "desc" ? order : undefined, types, contains };
  if (format === "jsonl") {
    checkIsWhole(call);
    return { status: 200, body: await jsonLines(id, search, ask), contentType: "application/jsonl" };
  }
  const place = placeOf(continuationToken);
  // Code before this one is told where to begin.
  const from = place.from ?? (order === "asc" ? 0 : undefined);
  const page = await ask({ ...search, ...place, from, limit: pageSize });
  const { events, positions, hasMore, isCut, executionId, next = (from ?? 0) + events.length } = page;
  const token = executionId === undefined ? String(next) : positionText({ executionId, position: next });
  return json(200, {
    events,
    positions,
    ...(hasMore && { continuationToken: token }),
    ...(isCut && { complete: false }),
  });
}

/** `GET …/{id}/timeline`: 200 `{"instanceID","executionId","bars":[…],"continuationToken"?,"truncated"?}`. */
export async function getTimeline(call: Call, deps: HttpDeps): Promise<Reply> {
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const { id } = call.params;
  const { limit, order, continuationToken } = readParameters(call, TIMELINE_PAGE);
  const request = { limit, order, ...placeOf(continuationToken) };
  const target = targetOf("history", call, deps);
  const page = await callInstance(call, deps, target, (instance) => instance.timeline(request));
  if (page === undefined) throw instanceNotFound(id);
  const { executionId, bars, next, isTruncated, unreadable } = page;
  if (unreadable !== undefined) throw operationFailed("history", id, `workflow is stalled: ${unreadable}`);
  if (page.isOver === true) throw isOver();
  return json(200, {
    instanceID: id,
    executionId,
    bars: bars.map(toBar),
    ...(next !== undefined && { continuationToken: positionText({ executionId, position: next }) }),
    ...(isTruncated && { truncated: true }),
  });
}

function placeOf(token: string | undefined): HistoryPlace {
  if (token === undefined) return {};
  const { executionId, position } = readPosition(token) ?? { executionId: undefined, position: Number(token) };
  if (position > Number.MAX_SAFE_INTEGER)
    throw malformed(`query parameter continuationToken is that of the page before, found ${JSON.stringify(token)}`);
  return { from: position, executionId };
}

function isOver() {
  return malformed(
    "query parameter continuationToken is of an execution that is over: the instance has continued as new, or its ID was used anew. Read from the beginning",
  );
}

function checkIsWhole(call: Call): void {
  const found = ["limit", "pageSize", "continuationToken"].find((name) => queryValue(call, name) !== undefined);
  if (found !== undefined)
    throw malformed(`query parameter ${found} is for pages: with format=jsonl the whole history is one answer`);
}

type Search = Pick<HistoryRequest, "order" | "types" | "contains">;

/** So many events go over at a time, so that none of it is in memory but these. */
const EVENTS_AT_A_TIME = 1_000;

/**
 * The history as the test kit replays it: a line that names the instance, then an event a line. What is not there when the first page is read,
 * is refused; what goes wrong later cuts the answer off, so that nobody takes a part for the whole.
 */
async function jsonLines(
  instanceId: string,
  search: Search,
  ask: (request: HistoryRequest) => Promise<HistoryPage>,
): Promise<ReadableStream> {
  const encoder = new TextEncoder();
  const page = (from = search.order === "desc" ? undefined : 0, executionId?: string) =>
    ask({ ...search, from, executionId, limit: EVENTS_AT_A_TIME });
  let current: HistoryPage | undefined = await page();
  let text = line({ instanceId });
  return new ReadableStream(
    {
      async pull(controller) {
        if (current === undefined) return controller.close();
        text += current.events.map(line).join("");
        if (text !== "") controller.enqueue(encoder.encode(text));
        text = "";
        const { next, executionId, hasMore } = current;
        current = hasMore ? await page(next, executionId) : undefined;
        if (current === undefined) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
