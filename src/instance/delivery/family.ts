import type { InstancePorts } from "../ports.ts";
import type { IsOwed, OperationResult, PurgeRequest } from "../protocol.ts";

/** How many children are asked at a time. */
const CONCURRENCY = 32;

/** The ID of the first child, or child of a child, that has not ended. */
export async function firstActiveChild(
  ports: InstancePorts,
  instanceId: string,
  above: readonly string[] = [],
  untilFree?: boolean,
): Promise<string | undefined> {
  const request = { asChildOf: instanceId, above: [...above, instanceId], untilFree };
  for (const batch of batches(ports.store.children())) {
    const answers = await Promise.all(batch.map((child) => ports.peer(child).findActive(request)));
    const active = answers.find((answer) => answer !== undefined);
    if (active !== undefined) return active;
  }
  return undefined;
}

/**
 * Purges all children with their own children. One that is gone already is passed over, so that a purge that was
 * interrupted can be repeated. Stops at one that has not ended. When it fails, none is under way any more.
 */
export async function purgeChildren(
  ports: InstancePorts,
  instanceId: string,
  { above = [], force }: PurgeRequest,
): Promise<OperationResult> {
  const request = { recursive: true, asChildOf: instanceId, above: [...above, instanceId], force };
  let isOwed = true;
  try {
    for (const batch of batches(ports.store.children())) {
      const answers = batch.map((child) => purgeOne(ports, child, request, () => isOwed));
      await Promise.allSettled(answers);
      const results = await Promise.all(answers);
      const refused = results.find((result) => !result.ok && result.code === "NOT_ENDED");
      if (refused !== undefined) return refused;
    }
    return { ok: true };
  } finally {
    isOwed = false;
  }
}

/** What came of a copy of this call, in a life before or in that of another one under this ID, only the sender can tell. */
export async function checkOwed(ports: InstancePorts, isOwed: IsOwed | undefined): Promise<void> {
  if (isOwed === undefined || (await isOwed())) return;
  throw new Error(`'${ports.instanceId()}' was called late: its caller has done with that.`);
}

function batches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / CONCURRENCY);
  return Array.from({ length: count }, (_, n) => items.slice(n * CONCURRENCY, (n + 1) * CONCURRENCY));
}

async function purgeOne(ports: InstancePorts, child: string, request: PurgeRequest, goesOn: () => boolean) {
  let isOnItsWay = true;
  try {
    return await ports.peer(child).purge(request, async () => isOnItsWay && goesOn());
  } finally {
    isOnItsWay = false;
  }
}
