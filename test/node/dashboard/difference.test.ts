// The difference of two texts by lines.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type DifferenceLine, differenceOf } from "../../../dashboard/src/act/difference.ts";
import { readable } from "../../../dashboard/src/parts/json-text.ts";

const shown = (lines: readonly DifferenceLine[]) =>
  lines.map(({ type, text }) => `${type === "same" ? " " : type === "added" ? "+" : "-"}${text}`);

it("[D33.1] what stays, what goes, what comes, in the order of the texts", () => {
  expect(shown(differenceOf("a\nb\nc\nd", "a\nx\nc\nd\ne"))).toEqual([" a", "-b", "+x", " c", " d", "+e"]);
  expect(shown(differenceOf("a", "a"))).toEqual([" a"]);
  expect(shown(differenceOf("", "a"))).toEqual(["-", "+a"]);
  expect(shown(differenceOf("a\na\nb", "a\nb"))).toEqual([" a", "-a", " b"]);
});

it("[D33.2] without what comes it is the text before, without what goes the one after, and no line changes that both have in place", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "", "{"), { maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = differenceOf(before, after);
      const without = (type: DifferenceLine["type"]) =>
        lines
          .filter((line) => line.type !== type)
          .map((line) => line.text)
          .join("\n");
      expect(without("added")).toBe(before);
      expect(without("removed")).toBe(after);
      if (before === after) expect(lines.every(({ type }) => type === "same")).toBe(true);
    }),
    { seed: 33 },
  );
});

it("[D33.3] of texts that are too long to compare, what lies between the same beginning and the same end has changed", () => {
  const many = (name: string) => Array.from({ length: 3_000 }, (_, n) => `${name}${n}`);
  const lines = differenceOf(["{", ...many("a"), "}"].join("\n"), ["{", ...many("b"), "}"].join("\n"));
  expect([lines.length, lines[0]?.type, lines[1]?.type, lines.at(-2)?.type, lines.at(-1)?.type]).toEqual([
    6_002,
    "same",
    "removed",
    "added",
    "same",
  ]);
});

it("[D33.4] JSON is compared as it is read best, any other text as it is", () => {
  expect(readable('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(readable('{ "a b" :\n[ 1, "x\\"  y" ] }')).toBe('{\n  "a b": [\n    1,\n    "x\\"  y"\n  ]\n}');
  for (const text of ["{a", "1.0", '{\n  "id": 12345678901234567890,\n  "id": -0\n}'])
    expect(readable(text)).toBe(text);
});
