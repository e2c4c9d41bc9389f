// [I61] Native spans: where the platform has them, the work runs within them; where it has not, nothing is made of them.
import { describe, expect, it } from "vitest";
import { spannedActivity, spannedBy, spannedStart } from "../../../src/instance/native-spans.ts";

describe("[I61] Native spans", () => {
  it("[I61.1] a start and an activity run within a span of their name, with their attributes, and give what they give", () => {
    const seen: unknown[] = [];
    const tracing = {
      enterSpan: (name: string, run: (span: object) => unknown) => {
        const attributes: Record<string, unknown> = {};
        seen.push([name, attributes]);
        return run({ setAttribute: (key: string, value: unknown) => Object.assign(attributes, { [key]: value }) });
      },
    };
    const spanned = spannedBy(tracing);
    expect(spannedStart(spanned, { instanceId: "a", name: "order" }, () => 7)).toBe(7);
    const failing = () =>
      spannedActivity(spanned, { instanceId: "a", attempt: 2, run: { executionId: "e" } }, "charge", () => {
        throw new Error("as told");
      });
    expect(failing).toThrow("as told");
    expect(seen).toEqual([
      ["workflow.start", { "dapr.workflow.name": "order", "dapr.workflow.instance_id": "a" }],
      [
        "activity charge",
        { "dapr.workflow.instance_id": "a", "dapr.workflow.execution_id": "e", "dapr.workflow.attempt": 2 },
      ],
    ]);
  });

  it("[I61.3] within what nobody records no span is made; where that is not known, it is", () => {
    let entered = 0;
    const tracing = (active: object | undefined) => ({
      getActiveSpan: () => active,
      enterSpan: (_: string, run: (span: object) => unknown) => {
        entered++;
        return run({ setAttribute: () => undefined });
      },
    });
    const start = (active: object | undefined) =>
      spannedStart(spannedBy(tracing(active)), { instanceId: "a", name: "order" }, () => 7);
    const active = (isTraced: boolean, spanId: string) => ({ isTraced, spanContext: () => ({ spanId }) });
    expect([start(active(false, "0000000000000000")), entered]).toEqual([7, 0]);
    // The second has ended, and what it has begun goes on.
    for (const span of [active(true, "00f067aa0ba902b7"), active(false, "00f067aa0ba902b7"), undefined, {}])
      start(span);
    expect(entered).toBe(4);
  });

  it("[I61.4] spans of the platform's first versions take no attributes, and the work is done all the same", () => {
    const spanned = spannedBy({ enterSpan: (_: string, run: (span: object) => unknown) => run({}) });
    expect(spannedStart(spanned, { instanceId: "a", name: "order" }, () => 7)).toBe(7);
  });

  it.each([undefined, null, {}, { enterSpan: 1 }, "tracing"])(
    "[I61.2] a platform that has %j in its place has none",
    (tracing) => {
      expect(spannedBy(tracing)).toBeUndefined();
      expect(spannedStart(undefined, { instanceId: "a", name: "order" }, () => 7)).toBe(7);
    },
  );
});
