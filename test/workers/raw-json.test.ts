import { expect, it } from "vitest";
import { jsonPayloads } from "../../src/engine/payload.ts";

// Here, and not beside [J2]: the oldest Node that this library runs on has no JSON.rawJSON.
it("[J2] what JSON.rawJSON has made is written as it is, beside an object with a toJSON too", () => {
  const { rawJSON } = JSON as JSON & { readonly rawJSON: (text: string) => object };
  const id = rawJSON("12345678901234567890");
  const encode = (value: unknown) => jsonPayloads.encode(value, "result", "activity", "a");
  expect(encode({ id })).toBe('{"id":12345678901234567890}');
  expect(encode([id, { toJSON: () => ({ id }) }])).toBe('[12345678901234567890,{"id":12345678901234567890}]');
});
