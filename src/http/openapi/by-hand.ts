import * as v from "valibot";
import { COUNT_KEYS } from "../../catalog/protocol.ts";
import { A_WAIT } from "../../catalog/query/parameters.ts";
import { RUNTIME_STATUSES } from "../../model/status.ts";
import { byHand, type Parameter } from "../parameters.ts";

/** Several of these, separated by commas; in any case of letters where `fold` makes that of the values. */
function listOf<const Values extends readonly string[]>(values: Values, fold = (text: string) => text) {
  return v.optional(
    v.pipe(
      v.string(),
      v.transform((list) => list.split(",").map((one) => fold(one.trim()))),
      v.array(v.picklist(values)),
    ),
  );
}
const timeOrDay = v.optional(v.union([v.pipe(v.string(), v.isoTimestamp()), v.pipe(v.string(), v.isoDate())]));

/** What a parameter may be that a handler reads by hand: as Dapr reads it, or the catalog. No request needs this. */
const BY_HAND: Readonly<Record<string, Parameter | undefined>> = {
  startTime: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  retention: v.optional(v.pipe(v.string(), v.regex(/^[-+]?0$|^\+?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/))),
  timeoutSeconds: v.optional(v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/), v.transform(Number), v.number())),
  waitFor: v.optional(v.picklist(["started", "completed"])),
  detail: v.optional(v.picklist(["full"])),
  status: listOf(RUNTIME_STATUSES, (text) => text.toUpperCase()),
  createdAfter: timeOrDay,
  createdBefore: timeOrDay,
  endedAfter: timeOrDay,
  endedBefore: timeOrDay,
  waitingFor: v.optional(v.pipe(v.string(), v.regex(A_WAIT))),
  countBy: listOf(COUNT_KEYS),
};

/** What a parameter of the table may be. */
export function whatItMayBe(name: string, given: Parameter): Parameter {
  if (given !== byHand) return given;
  const schema = BY_HAND[name];
  if (schema === undefined) throw new Error(`src/http/openapi/by-hand.ts does not say what ${name} may be`);
  return schema;
}
