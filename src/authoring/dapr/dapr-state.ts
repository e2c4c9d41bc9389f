import { jsonPayloads } from "../../engine/payload.ts";
import {
  type KeyValuePairType,
  type OperationType,
  readDelete,
  readGet,
  readGetBulk,
  readOperation,
  readSave,
  readSaved,
  type StateGetBulkOptions,
  type StateOptions,
} from "./dapr-options.ts";
import { NotAvailableError } from "./not-available.ts";

export interface StateSaveResponseType {
  error?: Error;
}

/** The stores' side: the StateStore Durable Object of each name. Texts are JSON. */
export interface StateStores {
  get(storeName: string, keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** False when one of the etags is not that of the stored value; nothing is written then. */
  change(storeName: string, changes: readonly StateChange[]): Promise<boolean>;
}
export interface StateChange {
  readonly key: string;
  /** `undefined` deletes. */
  readonly value: string | undefined;
  readonly etag?: string | undefined;
}

let stores: StateStores | undefined;

/** @internal `createWorker` says how the Worker reaches its stores. */
export function setStateStores(available: StateStores): void {
  stores = available;
}

/** Names a value: another text has another etag. 64 bits of FNV-1a. */
export function etagOf(value: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let n = 0; n < value.length; n++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(value.charCodeAt(n))) * 0x100000001b3n);
  }
  return hash.toString(16);
}

/**
 * `DaprClient.state`, kept in one Durable Object for each name of a store, so every store exists. Each call is atomic and
 * strongly consistent, whatever `consistency` and `concurrency` say; `metadata` is ignored.
 */
export class DaprState {
  /** As in Dapr, does not reject when nothing could be saved: `error` tells why. */
  async save(
    storeName: string,
    stateObjects: KeyValuePairType[],
    options?: object | null,
  ): Promise<StateSaveResponseType> {
    readSave(options);
    return this.#tell(
      storeName,
      stateObjects.map(readSaved).map(({ key, value, etag }) => ({ key, value: written(key, value), etag })),
    );
  }

  /** The value, or an empty string where there is none, as with Dapr's HTTP client. */
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  async get(storeName: string, key: string, options?: object | null): Promise<any> {
    readGet(options);
    const [value] = await ask((all) => all.get(storeName, [key]));
    return value === undefined ? "" : JSON.parse(value);
  }

  /** One entry for each key, in order: `{ key, data, etag }`, or `{ key }` alone where there is no value. */
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  async getBulk(storeName: string, keys: string[], options?: StateGetBulkOptions | null): Promise<any[]> {
    readGetBulk(options);
    const values = await ask((all) => all.get(storeName, keys));
    return keys.map((key, n) => {
      const value = values[n];
      return value === undefined ? { key } : { key, data: JSON.parse(value), etag: etagOf(value) };
    });
  }

  /** As in Dapr, does not reject: `error` tells why. Nothing is wrong with a key that is not there. */
  async delete(storeName: string, key: string, options?: StateOptions | null): Promise<StateSaveResponseType> {
    const { etag } = readDelete(options);
    return this.#tell(storeName, [{ key, value: undefined, etag }]);
  }

  /** All operations, or none. Rejects when an etag does not match. */
  async transaction(storeName: string, operations?: OperationType[] | null, _metadata?: object | null): Promise<void> {
    const changes = (operations ?? [])
      .map(readOperation)
      .map(({ operation, request: { key, value, etag } }): StateChange => {
        if (operation !== "upsert" && operation !== "delete")
          throw new Error(`A state operation is "upsert" or "delete", found ${JSON.stringify(operation)}`);
        const text = operation === "delete" ? undefined : written(key, value);
        return { key, value: text, etag: typeof etag === "object" ? etag?.value : etag };
      });
    await change(storeName, changes);
  }

  async query(_storeName: string, _query: unknown): Promise<never> {
    throw new NotAvailableError("DaprClient.state.query", "Use getBulk with the keys, or a D1 database for queries.");
  }

  async #tell(storeName: string, changes: readonly StateChange[]): Promise<StateSaveResponseType> {
    try {
      await change(storeName, changes);
      return {};
    } catch (error) {
      if (error instanceof NotAvailableError) throw error;
      return { error: error as Error };
    }
  }
}

/** JSON of a value, with null for no value. What JSON cannot hold is refused, as in a payload. */
function written(key: string, value: unknown): string {
  return jsonPayloads.encode(value ?? null, "value", "DaprClient.state, key", key) ?? "null";
}

async function change(storeName: string, changes: readonly StateChange[]): Promise<void> {
  if (await ask((all) => all.change(storeName, changes))) return;
  throw new Error(`Nothing was saved in state store '${storeName}': an etag is not that of the stored value any more`);
}

async function ask<T>(question: (all: StateStores) => Promise<T>): Promise<T> {
  if (stores === undefined) throw isInWorkerd() ? atModuleLoad() : outsideTheWorker();
  try {
    return await question(stores);
  } catch (error) {
    // workerd's words: nothing may be asked while modules are loaded.
    throw error instanceof Error && /global scope/i.test(error.message) ? atModuleLoad() : error;
  }
}

function outsideTheWorker(): NotAvailableError {
  return new NotAvailableError(
    "DaprClient.state outside the Worker",
    "Call it from an activity, in a Worker whose configuration binds the class StateStore as STATE_STORE.",
  );
}

/** The Worker is made when its modules have been loaded, so that nobody else comes before it is. */
function atModuleLoad(): NotAvailableError {
  return new NotAvailableError(
    "DaprClient.state at module load",
    "While the Worker's modules are loaded, their top-level code can ask no store, and the Worker has not been made. " +
      "Move the call into an activity, or into a function that one calls; the client itself may be made at the top.",
  );
}

function isInWorkerd(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}
