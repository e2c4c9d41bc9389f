import * as v from "valibot";
import type { FailureDetails } from "../../../model/failure.ts";
import type { ParentLink } from "../../../model/history-event.ts";
import type { SearchAttributes } from "../../../model/search-attributes.ts";
import type { RuntimeStatus } from "../../../model/status.ts";

/*
 * What schemas are made of: how they are held against the types of the model, and the forms that stand in several of them.
 */

export type Schema = v.GenericSchema;
/** What a schema has to be as well: nothing where its values are those of the model and no others, else what no schema is, named by what is wrong. */
export type Exactly<T, S extends Schema> = [v.InferOutput<S>] extends [Fields<T>]
  ? [Fields<T>] extends [v.InferOutput<S>]
    ? unknown
    : { readonly "values of the model are missing": Exclude<keyof T, keyof v.InferOutput<S>> }
  : { readonly "has values that the model has not": Exclude<keyof v.InferOutput<S>, keyof T> };
/** JSON leaves out what is undefined. */
type Fields<T> = { [Key in keyof T]: Value<Exclude<T[Key], undefined>> };
type Value<T> = T extends readonly (infer Item)[] ? Item[] : T;
/** The same of all that is within, in a type that is not in itself. */
export type Deeply<T> = T extends readonly (infer Item)[]
  ? Deeply<Item>[]
  : T extends object
    ? { [Key in keyof T]: Deeply<Exclude<T[Key], undefined>> }
    : T;

export const exactly =
  <T>() =>
  <S extends Schema>(schema: S & Exactly<T, S>): S =>
    schema;

export const may = <const S extends Schema>(schema: S) => v.exactOptional(schema);
export const text = v.string();
export const time = v.pipe(v.string(), v.isoTimestamp());
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const whole = v.pipe(v.number(), v.integer());
export const atMs = v.pipe(v.number(), v.description("Milliseconds since 1970."));
export const payload = v.pipe(v.string(), v.description("A payload as it was sent or written: JSON, or any text."));

const STATUSES = {
  PENDING: 1,
  RUNNING: 1,
  SUSPENDED: 1,
  STALLED: 1,
  COMPLETED: 1,
  FAILED: 1,
  CANCELED: 1,
  TERMINATED: 1,
} satisfies Record<RuntimeStatus, 1>;
export const runtimeStatus = v.picklist(Object.keys(STATUSES) as RuntimeStatus[]);

export const failureDetails: v.GenericSchema<FailureDetails> = exactly<FailureDetails>()(
  v.object({
    errorType: text,
    message: text,
    stackTrace: may(text),
    isNonRetriable: may(v.boolean()),
    properties: may(v.record(text, v.union([text, v.number(), v.boolean(), v.null()]))),
    innerFailure: may(v.lazy(() => failureDetails)),
    otherFailures: may(v.array(v.lazy(() => failureDetails))),
  }),
);

export const searchAttributes: v.GenericSchema<SearchAttributes> = v.record(
  text,
  v.union([text, v.number(), v.boolean(), v.array(text)]),
);
export const parent = exactly<ParentLink>()(
  v.object({ instanceId: text, executionId: text, name: text, taskId: whole }),
);
