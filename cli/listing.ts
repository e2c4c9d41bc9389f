import type { WireRow } from "../src/authoring/workflow-list.ts";
import { CliError, EXIT, usage } from "./errors.ts";
import type { Query, Server } from "./server.ts";
import { note, nothingFound } from "./terminal/output.ts";

/*
 * Lists of instances, page by page, and who the newest of them is.
 */

export type { WireRow };

interface Page {
  readonly workflows: readonly WireRow[];
  readonly continuationToken?: string;
  readonly missingShards?: number;
}

export interface Listing {
  readonly filter: Query;
  readonly order: "asc" | "desc";
  /** Default: all. */
  readonly limit?: number | undefined;
}

const PAGE_SIZE = 1_024;

/** Every page that there is, or as many as `limit` takes. What is missing in them is told, and is a failure. */
export async function* pagesOf(server: Server, { filter, order, limit }: Listing): AsyncGenerator<readonly WireRow[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let continuationToken: string | undefined;
  while (left > 0) {
    const pageSize = Math.min(PAGE_SIZE, left);
    const page: Page = await server.get("workflows", [], { ...filter, order, pageSize, continuationToken });
    tellOfMissing(page.missingShards);
    if (page.workflows.length > 0) yield page.workflows;
    left -= page.workflows.length;
    // Where nobody answers, the next page is the same again.
    if (page.continuationToken === undefined || page.continuationToken === continuationToken) return;
    continuationToken = page.continuationToken;
  }
}

export function tellOfMissing(missingShards = 0): void {
  if (missingShards === 0) return;
  note(`Not whole: ${missingShards} shard(s) of the catalog have not answered. Ask again`);
  process.exitCode = EXIT.failed;
}

/** Where a list has nothing, as Dapr says it: on stderr, and no error. */
export async function tellOfNone(server: Server, what: string): Promise<void> {
  const { component } = server.settings;
  nothingFound(
    `No ${what} found in namespace ${JSON.stringify(component)} for app ID ${JSON.stringify(await server.appId())}`,
  );
}

/** A part of a list would pass for all of it, and the newest of a part for the newest. */
export function checkWhole(consequence: string): void {
  if (process.exitCode !== undefined) throw new CliError(`the list is not whole, so ${consequence}`);
}

/** In the place of an ID: the instance that was created last. */
export const LATEST = "latest";

/** The IDs that were named, each once. */
export async function instanceIds(server: Server, operands: readonly string[]): Promise<readonly string[]> {
  const named = await Promise.all(operands.map((operand) => (operand === LATEST ? latest(server) : operand)));
  return [...new Set(named)];
}

export async function instanceId(server: Server, operand: string): Promise<string> {
  return operand === LATEST ? latest(server) : operand;
}

async function latest(server: Server): Promise<string> {
  for await (const [row] of pagesOf(server, { filter: {}, order: "desc", limit: 1 })) {
    checkWhole(`which instance is "${LATEST}" is not known`);
    if (row !== undefined) return row.instanceID;
  }
  checkWhole(`which instance is "${LATEST}" is not known`);
  throw new CliError(`there is no instance, so none is "${LATEST}"`, EXIT.notFound);
}

/** The text of a query, which says something. */
export function queryText(query: string): string {
  if (query.trim() !== "") return query;
  throw usage('--query is the text of a query, such as "Status = FAILED", found an empty one');
}
