import { OF_THE_APP } from "./operations/app.ts";
import { OF_ALL } from "./operations/catalog.ts";
import { JOBS } from "./operations/jobs.ts";
import { LIMITS } from "./operations/limits.ts";
import type { Docs } from "./operations/operation-doc.ts";
import { READING } from "./operations/reading.ts";
import { REPAIRS } from "./operations/repairs.ts";
import { SCHEDULES } from "./operations/schedules.ts";
import { SEED } from "./operations/seed.ts";
import { OF_DAPR } from "./operations/workflows.ts";

export { PARAMETERS, SEGMENTS } from "./operations/names.ts";
export { type AnswerDoc, type OperationDoc, TAGS } from "./operations/operation-doc.ts";

/**
 * What the document says of each operation of the table (`../routes.ts`), a file for each subject beside this one: the compiler asks for each
 * of them, and for each name in a path or a query. Only the document is made from this, so the Worker has none of it.
 */
export const OPERATION_DOCS: Docs = {
  ...OF_DAPR,
  ...REPAIRS,
  ...READING,
  ...OF_ALL,
  ...LIMITS,
  ...JOBS,
  ...SCHEDULES,
  ...SEED,
  ...OF_THE_APP,
};
