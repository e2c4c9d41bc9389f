// [I61] Native spans: where the platform has them, the work runs within them; where it has not, nothing is made of them.
import { describe, expect, it } from "vitest";
import { spannedActivity, spannedBy, spannedStart } from "../../../src/instance/native-spans.ts";

describe("[I61] Native spans", () => {
  it("[I61.1] a start and an activity run within a span of their name, with their attributes, and give what they give", () => {
    const seen: unknown[] = [];
    const tracing = {
      enterSpan: (name: string, run: (span: object) => unknown) =>
        run({ setAttributes: (attributes: object) => seen.push([name, attributes]) }),
    };
    const spanned = spannedBy(tracing);
    expect(spannedStart(spanned, { instanceId: "a", name: "order" }, () => 7)).toBe(7);
    const failing = () =>
      spannedActivity(spanned, { instanceId: "a", attempt: 2 }, "charge", () => {
        throw new Error("as told");
      });
    expect(failing).toThrow("as told");
    expect(seen).toEqual([
      ["workflow.start", { "dapr.workflow.name": "order", "dapr.workflow.instance_id": "a" }],
      ["activity charge", { "dapr.workflow.instance_id": "a", "dapr.workflow.attempt": 2 }],
    ]);
  });

  it.each([undefined, null, {}, { enterSpan: 1 }, "tracing"])(
    "[I61.2] a platform that has %j in its place has none",
    (tracing) => {
      expect(spannedBy(tracing)).toBeUndefined();
      expect(spannedStart(undefined, { instanceId: "a", name: "order" }, () => 7)).toBe(7);
    },
  );
});
