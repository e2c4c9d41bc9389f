import type { HistoryEvent } from "../../model/history-event.ts";
import { readOptions } from "../../model/options.ts";
import {
  type HistoryPageOptions,
  type HistorySearchOptions,
  historyPageOptions,
  historySearchOptions,
  type TimelinePageOptions,
  timelinePageOptions,
  type WatchOptions,
  watchOptions,
} from "../client-options.ts";
import { type WatchedEvent, watch } from "../client-watch.ts";
import { historyLines } from "../history-lines.ts";
import { segment } from "../workflow-api.ts";
import { type HistoryPage, historyPage, searchQueryOf, wholeHistory } from "../workflow-history.ts";
import { type TimelinePage, timelinePage } from "../workflow-timeline.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientRepairs } from "./repairs.ts";

/** What has happened to an instance, and happens. */
export class ClientHistories extends ClientRepairs {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /**
   * The events of the instance's current execution, in order. `undefined` when there is no such instance. Read in pages of 1,000; one that
   * continues as new meanwhile is read from the beginning again.
   */
  async getWorkflowHistory(workflowInstanceId: string): Promise<HistoryEvent[] | undefined> {
    return wholeHistory((continuationToken) => this.getWorkflowHistoryPage(workflowInstanceId, { continuationToken }));
  }

  /** One page of it: hand the `continuationToken` of one page in for the next. */
  async getWorkflowHistoryPage(
    workflowInstanceId: string,
    options?: HistoryPageOptions | null,
  ): Promise<HistoryPage | undefined> {
    const read = readOptions(historyPageOptions, options, "getWorkflowHistoryPage", workflowInstanceId);
    return historyPage(this.#connection.api, workflowInstanceId, read);
  }

  /**
   * The whole history as JSON lines, each with its end: the first names the instance, and an event is in each of the others. `replayHistory` of the test kit
   * takes the text. Rejects with status 404 when there is no such instance, and when it breaks off: a part is never taken for the whole.
   *
   *     for await (const line of client.exportWorkflowHistory("order-1")) file.write(line);
   */
  exportWorkflowHistory(workflowInstanceId: string, options?: HistorySearchOptions | null): AsyncIterable<string> {
    const search = readOptions(historySearchOptions, options, "exportWorkflowHistory", workflowInstanceId);
    return historyLines(this.#connection.api, `${segment(workflowInstanceId)}/history`, searchQueryOf(search));
  }

  /** The bars of the current execution, one page of them: hand the `continuationToken` of one page in for the next. */
  async getWorkflowTimeline(
    workflowInstanceId: string,
    options?: TimelinePageOptions | null,
  ): Promise<TimelinePage | undefined> {
    const read = readOptions(timelinePageOptions, options, "getWorkflowTimeline", workflowInstanceId);
    return timelinePage(this.#connection.api, workflowInstanceId, read);
  }

  /**
   * Tells of each event of the history as it happens, until the instance has ended or was purged. A connection that is lost is made again, and goes on
   * where it was: none is left out, and none comes twice. Rejects with status 404 when there is no such instance.
   *
   *     for await (const told of client.watchWorkflow("order-1")) if (told.type === "history") console.log(told.event.type);
   */
  watchWorkflow(workflowInstanceId: string, options?: WatchOptions | null): AsyncIterable<WatchedEvent> {
    const { after, signal } = readOptions(watchOptions, options, "watchWorkflow", workflowInstanceId);
    const path = `${segment(workflowInstanceId)}/events`;
    return watch(this.#connection.api, { path, after: after ?? undefined, signal: signal ?? undefined });
  }
}
