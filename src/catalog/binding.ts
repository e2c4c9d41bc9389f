import { type BoundClass, howToAdd, namespaceIn, onceFor } from "../instance/bound-class.ts";
import { instanceStub, type Namespace, type Placement } from "../instance/namespace.ts";
import type { CatalogShard, CatalogSource } from "../model/catalog-entry.ts";
import { allShards, type CatalogShards, firstShardOf, shardOf } from "../model/catalog-shards.ts";
import type { CatalogConfig } from "./options.ts";
import { timers } from "./patience.ts";
import type { CatalogApi } from "./protocol.ts";
import type { Shards } from "./reading/shards.ts";
import type { RebuildPorts } from "./rebuild.ts";

/*
 * The catalog as a Worker has it: whether it is bound, and the way to its shards.
 */

/** What a Worker binds for the catalog. */
export const SHARDS: BoundClass = { binding: "WORKFLOW_CATALOG", name: "WorkflowCatalog", tag: "v2" };

/** What whoever asks for a list is told without one. */
export const CATALOG_MISSING = `lists, queries and counts need the catalog, and the binding ${SHARDS.binding} is missing; everything else works without it. ${howToAdd(SHARDS)}`;

/** What they are told where the Worker wants none. */
export const CATALOG_OFF =
  "lists, queries and counts need the catalog, which createWorker(…, { catalog: false }) leaves out; everything else works without it. Take that option out";

/** One shard, for instances and readers alike: in the jurisdiction of the instances. */
export function shardStub(namespace: Namespace<CatalogApi>, placement: Placement, name: string): CatalogApi {
  return instanceStub(namespace, placement, name);
}

/** What the HTTP API has of the catalog: all shards, and the instances that a rebuild asks. `undefined` where it is not bound. */
export function boundCatalog(
  env: object,
  config: CatalogShards,
  placement: Placement,
): (Shards & RebuildPorts) | undefined {
  const namespace = namespaceIn<CatalogApi>(env, SHARDS);
  if (namespace === undefined) return undefined;
  const instances: Namespace<CatalogSource> = Reflect.get(env, "WORKFLOW_INSTANCE");
  return {
    names: allShards(config),
    shard: (name) => shardStub(namespace, placement, name),
    source: (instanceId) => instanceStub(instances, placement, instanceId),
    schedule: timers,
  };
}

/** The catalog as instances know it. */
export class InstancesCatalog {
  readonly confirm: CatalogConfig["confirm"];
  readonly countsTotals: boolean;
  readonly #namespace: Namespace<CatalogApi>;
  readonly #config: CatalogConfig;
  readonly #placement: Placement;

  constructor(namespace: Namespace<CatalogApi>, config: CatalogConfig, placement: Placement, countsTotals: boolean) {
    this.confirm = config.confirm;
    this.countsTotals = countsTotals;
    this.#namespace = namespace;
    this.#config = config;
    this.#placement = placement;
  }

  shardOf(instanceId: string): string {
    return shardOf(instanceId, this.#config);
  }

  firstShardOf(instanceId: string): string {
    return firstShardOf(instanceId, this.#config);
  }

  shard(name: string): CatalogShard {
    return shardStub(this.#namespace, this.#placement, name);
  }
}

/** For the instances of a Worker: made once for its bindings. `countsTotals`: for metrics. */
export function instancesCatalog(
  config: CatalogConfig | false,
  placement: Placement,
  countsTotals = false,
): ((env: object) => InstancesCatalog | undefined) | undefined {
  if (config === false) return undefined;
  return onceFor((env) => {
    const namespace = namespaceIn<CatalogApi>(env, SHARDS);
    return namespace && new InstancesCatalog(namespace, config, placement, countsTotals);
  });
}
