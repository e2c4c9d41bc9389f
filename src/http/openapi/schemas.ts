import * as v from "valibot";
import { APP_SCHEMAS } from "./schemas/app.ts";
import { CATALOG_SCHEMAS } from "./schemas/catalog.ts";
import { CHANGE_SCHEMAS } from "./schemas/changes.ts";
import { HISTORY_SCHEMAS } from "./schemas/history.ts";
import { JOB_SCHEMAS } from "./schemas/jobs.ts";
import { LIMIT_SCHEMAS } from "./schemas/limits.ts";
import { SCHEDULE_SCHEMAS } from "./schemas/schedules.ts";
import type { Schema } from "./schemas/shape.ts";
import { STATE_SCHEMAS } from "./schemas/state.ts";
import { TIMELINE_SCHEMAS } from "./schemas/timeline.ts";

/*
 * What answers and bodies are made of, a file for each subject beside this one. The keys of SCHEMAS are the names in the document's
 * `components.schemas`. Where an answer is a value of the model as it is (failures, history), its fields are asked for by the model's type: a
 * field that is added there and not here does not compile.
 */

export const SCHEMAS = {
  ...STATE_SCHEMAS,
  ...CHANGE_SCHEMAS,
  ...HISTORY_SCHEMAS,
  ...TIMELINE_SCHEMAS,
  ...CATALOG_SCHEMAS,
  ...LIMIT_SCHEMAS,
  ...JOB_SCHEMAS,
  ...SCHEDULE_SCHEMAS,
  ...APP_SCHEMAS,
} satisfies Record<string, Schema>;

export type SchemaName = keyof typeof SCHEMAS;

/** Any JSON value, or any text. */
export const ANYTHING = v.unknown();
