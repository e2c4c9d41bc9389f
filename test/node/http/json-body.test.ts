// Bodies beyond Dapr, which are read by their schemas.
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { newCall } from "../../../src/http/call.ts";
import { readJsonBody } from "../../../src/http/json-body.ts";

const JOB = v.strictObject({
  operation: v.picklist(["purge", "rerun"]),
  instanceIDs: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(3))),
  filter: v.optional(v.strictObject({ status: v.string() })),
  dryRun: v.optional(v.boolean()),
  rps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500))),
  labels: v.optional(v.record(v.string(), v.string())),
  reason: v.optional(v.pipe(v.string(), v.maxLength(10))),
});

function reading(body: string | Uint8Array<ArrayBuffer> | undefined, schema: v.GenericSchema = JOB): Promise<unknown> {
  const request = new Request("http://localhost/", { method: "POST", ...(body !== undefined && { body }) });
  return readJsonBody(newCall(request), { maxBodyBytes: 1_000 }, schema);
}

const refused = (text: string) => ({
  status: 400,
  body: { errorCode: "ERR_MALFORMED_REQUEST", message: `failed deserializing HTTP body: ${text}` },
});

describe("a body that is read by its schema", () => {
  it("[H107] is what the schema makes of it", async () => {
    expect(await reading('{"operation":"purge","instanceIDs":["a","b"],"rps":5}')).toEqual({
      operation: "purge",
      instanceIDs: ["a", "b"],
      rps: 5,
    });
  });

  it("[H107] none is an object without fields", async () => {
    const schema = v.strictObject({ reason: v.optional(v.string(), "none") });
    expect(await reading("", schema)).toEqual({ reason: "none" });
    expect(await reading(undefined, schema)).toEqual({ reason: "none" });
    await expect(reading("")).rejects.toMatchObject(refused("operation is expected, found nothing"));
  });

  it.each([
    ["[]", "expected a JSON object, found an array"],
    ["null", "expected a JSON object, found null"],
    ['"purge"', "expected a JSON object, found a string"],
    ["{", "expected a JSON object, found text that is not JSON"],
    ["operation=purge", "expected a JSON object, found text that is not JSON"],
    ['{"operation":"purgee"}', 'operation is "purge" or "rerun", found "purgee"'],
    ['{"operation":null}', 'operation is "purge" or "rerun", found null'],
    ['{"operation":"purge","instanceIDs":"a"}', 'instanceIDs is a list, found "a"'],
    ['{"operation":"purge","instanceIDs":[]}', "instanceIDs has at least 1 items, found 0"],
    ['{"operation":"purge","instanceIDs":["a","b","c","d"]}', "instanceIDs has at most 3 items, found 4"],
    ['{"operation":"purge","instanceIDs":["a",7]}', "instanceIDs[1] is a text, found 7"],
    ['{"operation":"purge","instanceIDs":["a",["b"]]}', "instanceIDs[1] is a text, found a list"],
    ['{"operation":"purge","dryRun":"true"}', 'dryRun is true or false, found "true"'],
    ['{"operation":"purge","filter":{}}', "filter.status is expected, found nothing"],
    ['{"operation":"purge","filter":{"status":{}}}', "filter.status is a text, found an object"],
    ['{"operation":"purge","rps":1.5}', "rps is a whole number, found 1.5"],
    ['{"operation":"purge","rps":501}', "rps is at most 500, found 501"],
    ['{"operation":"purge","rps":0}', "rps is at least 1, found 0"],
    ['{"operation":"purge","labels":[]}', "labels is an object, found a list"],
    ['{"operation":"purge","labels":["a"]}', "labels is an object, found a list"],
    ['{"operation":"purge","reason":"12345678901"}', "reason has at most 10 characters, found 11"],
    [`{"operation":"${"x".repeat(500)}"}`, `operation is "purge" or "rerun", found "${"x".repeat(59)}…`],
  ])("[H108] %s is refused: %s", async (body, message) => {
    await expect(reading(body)).rejects.toMatchObject(refused(message));
  });

  it.each([
    [
      '{"operation":"purge","instanceIds":["a"]}',
      "unknown field instanceIds, did you mean instanceIDs? Known: operation, instanceIDs, filter, dryRun, rps, labels, reason",
    ],
    [
      '{"operation":"purge","zzz":1}',
      "unknown field zzz. Known: operation, instanceIDs, filter, dryRun, rps, labels, reason",
    ],
    ['{"operation":"purge","filter":{"status":"FAILED","nam":1}}', "unknown field filter.nam."],
    [
      '{"operation":"purge","__proto__":{"polluted":true}}',
      "unknown field __proto__. Known: operation, instanceIDs, filter, dryRun, rps, labels, reason",
    ],
    [
      '{"operation":"purge","constructor":{}}',
      "unknown field constructor. Known: operation, instanceIDs, filter, dryRun, rps, labels, reason",
    ],
  ])("[H109] a field that the schema does not know is refused, and the near one told: %s", async (body, message) => {
    await expect(reading(body)).rejects.toMatchObject(refused(message));
  });

  it("[H108] one that is too long, or no UTF-8, is refused as everywhere", async () => {
    await expect(reading(" ".repeat(1_001))).rejects.toMatchObject({
      status: 400,
      body: { errorCode: "ERR_BODY_READ" },
    });
    await expect(reading(new Uint8Array([0xff]))).rejects.toMatchObject(refused("the body is not valid UTF-8 text"));
  });
});
