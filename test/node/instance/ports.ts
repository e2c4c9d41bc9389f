// What one life of an object has of the world. Once that is over its ports do nothing, and what waits for them waits for ever.
import { Registry } from "../../../src/engine/registry.ts";
import type { CatalogPort, InstancePorts } from "../../../src/instance/ports.ts";
import { firstShardOf, shardOf } from "../../../src/model/catalog-shards.ts";
import { isJobId } from "../../../src/model/ids.ts";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { Vault } from "../../../src/storage/vault.ts";
import type { Fate, Host } from "./host.ts";
import { peerOf } from "./peers.ts";
import { never } from "./timeline.ts";
import type { World } from "./world.ts";

export function portsOf(world: World, host: Host, fate: Fate): InstancePorts {
  const later = (ms: number, callback: () => void) =>
    world.timeline.add(Math.max(0, ms), () => {
      if (!fate.dead) callback();
    });
  const durable = () =>
    fate.dead ? never() : new Promise<void>((resolve) => void host.gated.push(() => later(0, resolve)));
  const vault = world.cipher && new Vault(world.cipher(host.id));
  return {
    store: storeOf(world, host, fate, vault),
    vault,
    registry: registryOf(world, host, fate),
    limits: world.limits,
    onNonDeterminism: world.onNonDeterminism,
    logFailureMessages: world.logFailureMessages,
    retention: world.retention,
    log: (line) => void (fate.dead || world.log.push(line)),
    catalog: catalogOf(world, host, fate),
    webhooks: world.webhooks?.portOf(host, fate),
    traces: world.collector?.portOf(host, fate),
    limiters: world.hasLimiterBinding ? world.limiters?.portFor(host, fate) : undefined,
    clock: {
      now: () => world.nowMs + host.skewMs,
      delay: (ms) => (fate.dead ? never() : new Promise((resolve) => void later(ms, resolve))),
      schedule: (ms, callback) => {
        if (fate.dead) return () => undefined;
        const occurrence = later(ms, callback);
        return () => world.timeline.remove(occurrence);
      },
    },
    alarm: {
      get: () => Promise.resolve(host.armedAtMs),
      set: (atMs) => {
        if (!fate.dead) world.setAlarm(host, atMs);
      },
      clear: () => {
        if (!fate.dead) host.deleteAlarm();
      },
    },
    sockets: host.sockets,
    instanceId: () => host.id,
    newId: () => (fate.dead ? "of a lost life" : world.newId()),
    peer: (to) => peerOf(world, { host, fate }, to),
    sync: durable,
    abort: () => {
      if (!fate.dead) world.crash(host.id);
    },
    wipe: () => {
      if (fate.dead) return never();
      const failure = world.failWipe?.();
      if (failure !== undefined) return Promise.reject(failure);
      host.wipe();
      return durable();
    },
  };
}

function catalogOf(world: World, host: Host, fate: Fate): CatalogPort | undefined {
  const { catalog } = world;
  return (
    catalog && {
      confirm: catalog.confirm,
      countsTotals: catalog.countsTotals,
      shardOf: (id) => shardOf(id, catalog.config),
      firstShardOf: (id) => firstShardOf(id, catalog.config),
      shard: (name) => catalog.shardFor(host, fate, name),
    }
  );
}

function storeOf(world: World, host: Host, fate: Fate, vault: Vault | undefined): InstanceStore {
  const beforeWrite = (statement: string) => {
    world.onPoint?.("write", host.id);
    if (!fate.dead) host.failWrite?.(statement);
  };
  const beforeRead = (statement: string) => {
    if (!fate.dead) host.failRead?.(statement);
  };
  return new InstanceStore(
    host.db.port(beforeWrite, () => fate.dead, beforeRead),
    vault,
  );
}

function registryOf(world: World, host: Host, fate: Fate): Registry {
  const registry = new Registry();
  for (const limit of world.limiters?.limits ?? []) registry.limits.add(limit);
  const { id } = host;
  const jobs = isJobId(id) ? world.jobs?.(host, fate) : undefined;
  for (const [name, code] of jobs?.workflows ?? world.workflows) registry.addWorkflow(name, code);
  for (const { name, version, code, latest } of jobs === undefined ? world.versions : [])
    registry.addVersion(name, version, code, latest);
  for (const [name, code] of jobs?.activities ?? world.activities) {
    registry.addActivity(name, (context, input) => {
      if (fate.dead) return never();
      const call = context.getTaskExecutionId();
      world.activityRuns.push(`${call.slice(0, call.lastIndexOf(":"))}:${context.getWorkflowActivityId()}`);
      world.onPoint?.("activity", id);
      return fate.dead ? never() : code(context, input);
    });
  }
  return registry;
}
