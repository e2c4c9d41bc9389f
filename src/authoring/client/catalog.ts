import { readArgument, readOptions } from "../../model/options.ts";
import {
  type CatalogHealth,
  type CatalogRebuilt,
  healthOf,
  type RebuildOptions,
  rebuild,
  rebuildOptions,
  someIds,
} from "../catalog-health.ts";
import { type Definitions, definitionsOf } from "../definitions.ts";
import { type LimitListOptions, limitListOptions, limitsOf, type WorkflowLimit } from "../limit-list.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientJobs } from "./jobs.ts";

/** How the catalog is itself, what is registered, and the limits. */
export class ClientCatalog extends ClientJobs {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /** Its shards: how many instances each lists, and how fresh it is. Rejects with ERR_CATALOG_NOT_CONFIGURED where the server has no catalog. */
  async getCatalogHealth(): Promise<CatalogHealth> {
    return healthOf(await this.#connection.catalog.ask(""));
  }

  /** What the server's code has registered: workflows with their versions, and activities. */
  async listDefinitions(): Promise<Definitions> {
    return definitionsOf(await this.#connection.definitions.ask(""));
  }

  /**
   * The limits that the server's code declares, with how many run and wait, and the keys with which most wait. Rejects with
   * ERR_LIMITER_NOT_CONFIGURED where there are some and they cannot be reached.
   */
  async listLimits(options?: LimitListOptions | null): Promise<readonly WorkflowLimit[]> {
    const { top } = readOptions(limitListOptions, options, "listLimits");
    return limitsOf(await this.#connection.limits.ask("", { top: top?.toString() }));
  }

  /**
   * Has instances announce themselves again, whose IDs are known from elsewhere, when the catalog has lost them. In requests of 20 IDs; what
   * rejects may be repeated, all of it.
   *
   *     const { failed } = await client.rebuildCatalog(orders.map(({ id }) => `order-${id}`));
   */
  async rebuildCatalog(instanceIds: readonly string[], options?: RebuildOptions | null): Promise<CatalogRebuilt> {
    const call = "rebuildCatalog";
    const ids = readArgument(someIds, instanceIds, "instanceIds", call) ?? [];
    const { reason } = readOptions(rebuildOptions, options, call);
    return rebuild(this.#connection.catalog, ids, reason ?? undefined);
  }
}
