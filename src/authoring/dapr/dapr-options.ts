// The options of DaprClient.state and DaprClient.workflow. What Dapr takes, and has no meaning here, is accepted and ignored.
import { anObject, anything, aString, optionsOf, readOptions, required, typeRule } from "../../model/options.ts";

/** A value under a key. `etag`, when given, must be that of the stored value: otherwise nothing is written. */
export interface KeyValuePairType {
  key: string;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  value: any;
  etag?: string;
  metadata?: object;
  options?: object;
}
export interface OperationType {
  /** `upsert` or `delete`. */
  operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  request: { key: string; value?: any; etag?: string | { value: string } | null; metadata?: object; options?: object };
}
export interface StateGetBulkOptions {
  parallelism?: number;
  metadata?: object;
}
export interface StateOptions {
  readonly etag?: string;
  readonly consistency?: unknown;
  readonly concurrency?: unknown;
  readonly metadata?: object;
}

const saveOptions = optionsOf<Pick<StateOptions, "metadata">>({ metadata: anything });
const getOptions = optionsOf<Pick<StateOptions, "metadata" | "consistency">>({
  consistency: anything,
  metadata: anything,
});
const bulkOptions = optionsOf<StateGetBulkOptions>({ parallelism: anything, metadata: anything });
const deleteOptions = optionsOf<StateOptions>({
  etag: aString,
  consistency: anything,
  concurrency: anything,
  metadata: anything,
});
const savedOptions = optionsOf<KeyValuePairType>({
  key: required(aString),
  value: anything,
  etag: aString,
  metadata: anything,
  options: anything,
});
const requestOptions = optionsOf<OperationType["request"]>({
  key: required(aString),
  value: anything,
  etag: typeRule('a string, or an object such as { value: "1" }', (etag) => {
    if (typeof etag === "string") return true;
    return typeof etag === "object" && typeof (etag as { value?: unknown }).value === "string";
  }),
  metadata: anything,
  options: anything,
});
const operationOptions = optionsOf<OperationType>({
  operation: required(aString),
  request: required(anObject(requestOptions)),
});
const startOptions = optionsOf<{ contentType?: string }>({ contentType: aString });
const raiseOptions = optionsOf<{ eventContentType?: string }>({ eventContentType: aString });

export const readSave = (given: object | null | undefined) => void readOptions(saveOptions, given, "state.save");
export const readGet = (given: object | null | undefined) => void readOptions(getOptions, given, "state.get");
export const readGetBulk = (given: object | null | undefined) => void readOptions(bulkOptions, given, "state.getBulk");
export const readDelete = (given: StateOptions | null | undefined) => readOptions(deleteOptions, given, "state.delete");
export const readSaved = (given: KeyValuePairType) =>
  readOptions(savedOptions, given, "state.save") as KeyValuePairType;
export const readOperation = (given: OperationType) =>
  readOptions(operationOptions, given, "state.transaction") as OperationType;
export const readStart = (given: { contentType?: string } | null | undefined, name: string) =>
  readOptions(startOptions, given, "scheduleNewWorkflow", name);
export const readRaise = (given: { eventContentType?: string } | null | undefined, name: string) =>
  readOptions(raiseOptions, given, "raiseEvent", name);
