import type { HistoryEvent } from "../model/history-event.ts";
import { WorkflowApiError } from "./client-errors.ts";
import type { HistoryPageOptions, HistorySearchOptions } from "./client-options.ts";
import { bodyOf, ifThere, type Query, segment, type WorkflowApi } from "./workflow-api.ts";

/** One page of a history. There are more events as long as there is a token. */
export interface HistoryPage {
  readonly events: HistoryEvent[];
  /** Of a search: the number of each event, counted from 0. */
  readonly positions?: readonly number[];
  readonly continuationToken?: string;
  /** `false`: the search was given up before the page was full, because few events fit. */
  readonly complete?: boolean;
}

/** As a query of the URL. */
export function searchQueryOf({ order, types, contains }: HistorySearchOptions): Query {
  return { order: order ?? undefined, types: types?.join(","), contains: contains ?? undefined };
}

export async function historyPage(
  api: WorkflowApi,
  instanceId: string,
  { limit, continuationToken, ...search }: HistoryPageOptions,
): Promise<HistoryPage | undefined> {
  const query = {
    limit: limit ?? undefined,
    continuationToken: continuationToken ?? undefined,
    ...searchQueryOf(search),
  };
  const page = await ifThere(api.ask(`${segment(instanceId)}/history`, query));
  return page && (bodyOf(page, "history", ({ events }) => Array.isArray(events)) as HistoryPage);
}

/** One that continues as new more often than this while it is read is told so. */
const MAX_READS = 5;

/** All pages. A token names its execution: where that is over meanwhile, another one is read from its beginning. */
export async function wholeHistory(
  ask: (continuationToken: string | undefined) => Promise<HistoryPage | undefined>,
): Promise<HistoryEvent[] | undefined> {
  for (let read = 1; ; read++) {
    const events: HistoryEvent[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await ask(token);
        if (page === undefined) return undefined;
        events.push(...page.events);
        token = page.continuationToken;
      } while (token !== undefined);
      return events;
    } catch (error) {
      const isOver = token !== undefined && error instanceof WorkflowApiError && error.status === 400;
      if (!isOver || read === MAX_READS) throw error;
    }
  }
}
