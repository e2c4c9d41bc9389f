// At rest, what the catalog says of the instances: as the kills have left it, and when somebody has asked after each.
import {
  askInstance,
  countTellings,
  differences,
  linesOf,
  listAll,
  listJobs,
  type Row,
  readRows,
  untilRight,
} from "./catalog.ts";
import type { Client } from "./client.ts";
import type { StoredInstance } from "./database.ts";
import type { Violation } from "./faults.ts";

/** What is looked at. Nothing runs. */
export interface CatalogSight {
  readonly directory: string;
  readonly client: Client;
  /** Starts a server, and gives back how it is stopped. */
  startAgain(): Promise<() => Promise<void>>;
  isAcknowledged(instanceId: string): boolean;
  /** Were purged, by whomever: nothing brings them back. */
  readonly gone: ReadonlySet<string>;
  readonly quietMs: number;
  readonly clock: { now(): number; delay(ms: number): Promise<void> };
}

/** How many rows or instances. */
export interface CatalogFindings {
  readonly compared: number;
  readonly missing: number;
  readonly tooMany: number;
  readonly wrong: number;
  /** Not listed, and not known to anybody, until they were asked. */
  readonly unheard: number;
  /** What they tell of their end was lost on the way; right when they were asked. */
  readonly behind: number;
  /** How long after the last start until all was right. */
  readonly rightAfterMs: number;
  readonly violations: readonly Violation[];
}

const NOTHING = {
  compared: 0,
  missing: 0,
  tooMany: 0,
  wrong: 0,
  unheard: 0,
  behind: 0,
  rightAfterMs: 0,
  violations: [],
};

/**
 * Contracts.md 3. At rest no row is too many, and none is missing whose start was acknowledged; what a row says of its instance may lag behind,
 * where a kill came between an end and its announcement. An instance is asked when it is next loaded: after that all is as it says.
 */
export async function lookAtCatalog(
  sight: CatalogSight | undefined,
  instances: ReadonlyMap<string, StoredInstance>,
): Promise<CatalogFindings> {
  if (sight === undefined) return NOTHING;
  const { directory, isAcknowledged } = sight;
  const untouched = differences(readRows(directory), instances, isAcknowledged);
  const tellings = countTellings(directory);
  const owed = tellings > 0 ? [`${tellings} tellings are owed to the catalog, and no alarm is set for them`] : [];
  const { found, rightAfterMs } = await ask(sight, instances);
  const missing = new Set([...untouched.missing, ...found.missing, ...owed]);
  const tooMany = new Set([...untouched.tooMany, ...found.tooMany]);
  const violations = [...missing, ...tooMany, ...found.wrong].map((text) => ({ what: "catalog", text }) as const);
  return {
    compared: found.compared,
    missing: missing.size,
    tooMany: tooMany.size,
    wrong: found.wrong.length,
    unheard: untouched.unheard.length,
    behind: untouched.wrong.length,
    rightAfterMs,
    violations,
  };
}

async function ask(
  { client, startAgain, gone, quietMs, clock }: CatalogSight,
  instances: ReadonlyMap<string, StoredInstance>,
) {
  const stop = await startAgain();
  const startedAtMs = clock.now();
  const said = new Map<string, Row>();
  const lies: string[] = [];
  const asked = [...instances.values()].map(async ({ instanceId, createdAtMs, status }) => {
    const told = await askInstance(client, instanceId);
    if (told.status !== status) lies.push(`${instanceId} says that it is ${told.status}, and is ${status} on disk`);
    said.set(instanceId, { instanceId, createdAtMs, ...told });
  });
  const askedInVain = [...gone].map(async (instanceId) => {
    const { status } = await askInstance(client, instanceId);
    if (status !== "missing") lies.push(`${instanceId} was gone, and says that it is ${status}`);
  });
  await Promise.all([...asked, ...askedInVain]);
  const look = async () => {
    const rows = await listAll(client);
    const jobs = await listJobs(client);
    if (typeof rows !== "string" && typeof jobs !== "string") return differences([...rows, ...jobs], said, () => true);
    return {
      ...differences([], new Map(), () => true),
      wrong: [rows, jobs].filter((each) => typeof each === "string"),
    };
  };
  const found = await untilRight(look, (seen) => linesOf(seen).length, quietMs, clock);
  const rightAfterMs = clock.now() - startedAtMs;
  await stop();
  return { found: { ...found, wrong: [...found.wrong, ...lies] }, rightAfterMs };
}
