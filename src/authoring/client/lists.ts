import { readOptions } from "../../model/options.ts";
import {
  type ChangesOptions,
  type CountKey,
  changesOptions,
  countByOf,
  filterOptions,
  type ListOptions,
  listOptions,
  queryOf,
  type WorkflowFilter,
} from "../workflow-filter.ts";
import {
  changesOf,
  countsOf,
  pageOf,
  type WorkflowChanges,
  type WorkflowCounts,
  WorkflowList,
} from "../workflow-list.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientHistories } from "./histories.ts";

/** All instances, as the catalog knows them. */
export class ClientLists extends ClientHistories {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /**
   * The instances that fit, the newest first, as the catalog knows them: a second late at most, as a rule. Reads page by page as it
   * is iterated. Rejects with ERR_CATALOG_NOT_CONFIGURED where the server has no catalog.
   *
   *     for await (const { instanceId, failure } of client.listWorkflows({ status: "FAILED", createdAfter: yesterday })) …
   *     for await (const { workflows, continuationToken } of client.listWorkflows({ pageSize: 20 }).asPages()) …
   */
  listWorkflows(filter?: ListOptions | null): WorkflowList {
    const { continuationToken, ...read } = readOptions(listOptions, filter, "listWorkflows");
    const query = queryOf(read);
    return new WorkflowList(
      async (token) => pageOf(await this.#connection.api.ask("", { ...query, continuationToken: token })),
      continuationToken ?? undefined,
    );
  }

  /**
   * How many instances fit, by all of these keys together; by status alone unless others are given.
   *
   *     const { counts } = await client.countWorkflows({ name: "order" }, ["status", "day"]);
   */
  async countWorkflows(
    filter?: WorkflowFilter | null,
    by?: CountKey | readonly CountKey[] | null,
  ): Promise<WorkflowCounts> {
    const query = queryOf(readOptions(filterOptions, filter, "countWorkflows"));
    return countsOf(await this.#connection.api.ask("", { ...query, countBy: countByOf(by, "countWorkflows") }));
  }

  /**
   * What has changed among the instances that fit, since an answer before. `resync`, which the first answer has, too, says that it is not known: read the
   * list, then ask again with `since`.
   *
   *     let { since } = await client.listWorkflowChanges({ name: "order" });
   *     const { changes, resync, since: next } = await client.listWorkflowChanges({ name: "order", since });
   */
  async listWorkflowChanges(options?: ChangesOptions | null): Promise<WorkflowChanges> {
    const { since, ...filter } = readOptions(changesOptions, options, "listWorkflowChanges");
    return changesOf(await this.#connection.api.ask("", { ...queryOf(filter), since: since ?? "" }));
  }
}
