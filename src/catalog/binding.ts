import { instanceStub, type Placement } from "../instance/namespace.ts";
import type { CatalogShard, CatalogSource } from "../model/catalog-entry.ts";
import { allShards, type CatalogShards, firstShardOf, shardOf } from "../model/catalog-shards.ts";
import type { CatalogConfig } from "./options.ts";
import type { Schedule } from "./patience.ts";
import type { CatalogApi } from "./protocol.ts";
import type { Shards } from "./reading/shards.ts";
import type { RebuildPorts } from "./rebuild.ts";

/*
 * The catalog as a Worker has it: whether it is bound, and the way to its shards.
 */

const BINDING = "WORKFLOW_CATALOG";
const CLASS = "WorkflowCatalog";

const LINES = `

[[durable_objects.bindings]]
name = "${BINDING}"
class_name = "${CLASS}"

[[migrations]]
tag = "v2"
new_sqlite_classes = ["${CLASS}"]`;

type Namespace = Parameters<typeof instanceStub<CatalogApi>>[0];

/** The namespace of the shards, where it is bound. A service binding has a method of every name that it is asked for. */
export function catalogNamespace(env: object): Namespace | undefined {
  const value: unknown = Reflect.get(env, BINDING);
  if (typeof value !== "object" || value === null || value.constructor?.name === "Fetcher") return undefined;
  return typeof Reflect.get(value, "getByName") === "function" ? (value as Namespace) : undefined;
}

/** What whoever asks for a list is told without one. */
export const CATALOG_MISSING = `lists, queries and counts need the catalog, and the binding ${BINDING} is missing; everything else works without it. Add to the Worker's module, where worker is what createWorker has made:

export class ${CLASS} extends worker.${CLASS} {}

and to wrangler.toml:${LINES}`;

/** What they are told where the Worker wants none. */
export const CATALOG_OFF =
  "lists, queries and counts need the catalog, which createWorker(…, { catalog: false }) leaves out; everything else works without it. Take that option out";

/** One shard, for instances and readers alike: in the jurisdiction of the instances. */
export function shardStub(namespace: Namespace, placement: Placement, name: string): CatalogApi {
  return instanceStub(namespace, placement, name);
}

export const timers: Schedule = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/** What the HTTP API has of the catalog: all shards, and the instances that a rebuild asks. `undefined` where it is not bound. */
export function boundCatalog(
  env: object,
  config: CatalogShards,
  placement: Placement,
): (Shards & RebuildPorts) | undefined {
  const namespace = catalogNamespace(env);
  if (namespace === undefined) return undefined;
  const instances: Parameters<typeof instanceStub<CatalogSource>>[0] = Reflect.get(env, "WORKFLOW_INSTANCE");
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
  readonly #namespace: Namespace;
  readonly #config: CatalogConfig;
  readonly #placement: Placement;

  constructor(namespace: Namespace, config: CatalogConfig, placement: Placement, countsTotals: boolean) {
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
  let forEnv: object | undefined;
  let catalog: InstancesCatalog | undefined;
  return (env) => {
    if (forEnv === env) return catalog;
    const namespace = catalogNamespace(env);
    forEnv = env;
    catalog = namespace && new InstancesCatalog(namespace, config, placement, countsTotals);
    return catalog;
  };
}
