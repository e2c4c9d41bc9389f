// A payload is read as it is stored: what JavaScript's numbers and objects cannot hold, too.
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatJson, type JsonNode, jsonTree } from "../../../dashboard/src/parts/json-tree.ts";

/** Without spaces between its parts. */
function printed(node: JsonNode): string {
  if (!("children" in node)) return node.source;
  const parts = node.children.map(({ name, node: child }) => {
    return `${name === undefined ? "" : `${JSON.stringify(name)}:`}${printed(child)}`;
  });
  return node.kind === "list" ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

const EXACT = [
  '{"big":12345678901234567890,"f":1.0,"e":1e400,"neg":-0,"dup":1,"dup":2,"__proto__":{"constructor":[]}}',
  "[0.1000,1E+2,true,false,null,{}]",
  String.raw`{"a\"b":"\\","\\\"":"\\\\\"x","u":"\u202e"}`,
  '"{[,:]}"',
  '""',
  "12345678901234567890",
] as const;

it("[D40.1] numbers keep their digits, members of one name stand side by side, and texts keep their escapes", () => {
  for (const text of EXACT) expect(printed(jsonTree(text) as JsonNode)).toBe(text);
  expect(jsonTree('{"a":1,"a":2.0}')).toEqual({
    kind: "fields",
    children: [
      { name: "a", node: { kind: "number", source: "1" } },
      { name: "a", node: { kind: "number", source: "2.0" } },
    ],
  });
});

it("[D40.2] any JSON, with spaces or without, is read as JSON.parse reads it, and is written on lines as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value = JSON.parse(text);
      const tree = jsonTree(JSON.stringify(value, null, "\t")) as JsonNode;
      expect(JSON.parse(printed(tree))).toEqual(value);
      expect(formatJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }),
    { seed: 40 },
  );
});

it("[D40.3] what is no JSON is no tree, and cannot be written on lines", () => {
  for (const text of ["", "{a}", "[1,]", "1 2", '"', "undefined"]) {
    expect(jsonTree(text)).toBe(undefined);
    expect(() => formatJson(text)).toThrow(SyntaxError);
  }
});

it("[D40.4] written on lines, nothing of it changes but the space between its parts", () => {
  for (const text of EXACT) {
    const onLines = formatJson(text);
    expect(printed(jsonTree(onLines) as JsonNode)).toBe(text);
    expect(formatJson(onLines)).toBe(onLines);
  }
  expect(formatJson('{"a":[],"b":{ },"c":[1.0]}')).toBe('{\n  "a": [],\n  "b": {},\n  "c": [\n    1.0\n  ]\n}');
});

it("[D40.5] 100,000 levels, and a text of 5 MB with a million escapes, are read", () => {
  const deep = `${"[".repeat(100_000)}1${"]".repeat(100_000)}`;
  let node = jsonTree(deep);
  let levels = 0;
  while (node !== undefined && "children" in node) [node, levels] = [node.children[0]?.node, levels + 1];
  expect([levels, node]).toEqual([100_000, { kind: "number", source: "1" }]);
  const long = JSON.stringify('\\"xyz'.repeat(1_000_000));
  expect(jsonTree(long)).toEqual({ kind: "string", source: long });
});
