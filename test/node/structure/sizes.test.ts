// A file, a class and a function that a reader can hold in mind.
import { describe, expect, it } from "vitest";
import { type Limits, tooLarge } from "./sizes.ts";
import { readSources, readText } from "./source.ts";

/** By folder, with all that is below it. */
const LIMITS: Readonly<Record<string, Limits>> = {
  catalog: { file: 250, class: 200, function: 40 },
  instance: { file: 250, class: 200, function: 40 },
  engine: { file: 250, class: 200, function: 40 },
  schedules: { file: 250, class: 200, function: 40 },
  storage: { file: 250, class: 200, function: 40 },
};

const lines = (count: number) => Array.from({ length: count }, (_, n) => `    f(${n});`).join("\n");
const few: Limits = { file: 100, class: 7, function: 3 };
const found = (text: string, limits = few) => tooLarge([{ path: "a.ts", text }], limits);

describe("[S11] Sizes", () => {
  it.each(Object.entries(LIMITS))("[S11.1] %s: files, classes and functions keep to their limits", (folder, limits) => {
    const paths = readSources().flatMap(({ path }) => (path.startsWith(`${folder}/`) ? [path] : []));
    expect(paths.length).toBeGreaterThan(5);
    expect(
      tooLarge(
        paths.map((path) => ({ path, text: readText(path) })),
        limits,
      ),
    ).toEqual([]);
  });

  it("[S11.2] the check finds a file of a line too many, and comments are lines; a last line's end is none", () => {
    expect(found(`${"// x\n".repeat(100)}`)).toEqual([]);
    expect(found(`${"// x\n".repeat(101)}`)).toEqual(["a.ts: file has 101 lines"]);
  });

  it("[S11.3] it finds a class of a line too many, declared or in an expression", () => {
    const body = (count: number) => `{\n${"  readonly x = 1;\n".repeat(count - 2)}}`;
    expect(found(`export class A ${body(7)}\nconst b = class ${body(7)};\n`)).toEqual([]);
    expect(found(`export class A ${body(8)}\nconst b = class ${body(9)};\n`)).toEqual([
      "a.ts: class A has 8 lines",
      "a.ts: class has 9 lines",
    ]);
  });

  it.each([
    ["export function f()", "function f"],
    ["export async function* f()", "function f"],
    ["export default function ()", "function"],
    ["export const f = () =>", "function"],
    ["f(function g()", "function g", ");"],
    ["class A { f()", "function f", "}"],
    ["class A { static async #f()", "function #f", "}"],
    ["class A { get f()", "function f", "}"],
    ["class A { set f(value: number)", "function f", "}"],
    ["class A { constructor()", "function", "}"],
    ["const a = { f()", "function f", "};"],
  ])("[S11.4] it finds a function of a line too many: %s", (head, name, end = "") => {
    expect(found(`${head} {\n${lines(1)}\n}${end}\n`)).toEqual([]);
    expect(found(`${head} {\n${lines(2)}\n}${end}\n`)).toEqual([`a.ts: ${name} has 4 lines`]);
  });

  it("[S11.5] the comment above counts for the file and for nothing else, and a table is no function", () => {
    const comment = `/**\n${" * why\n".repeat(20)} */\n`;
    expect(found(`${comment}export class A {\n${comment}  f() {\n    g();\n  }\n}\n`)).toEqual([
      "a.ts: class A has 27 lines",
    ]);
    expect(found(`${comment}export function f() {\n  g();\n}\nconst t = {\n${"  a: 1,\n".repeat(20)}};\n`)).toEqual([]);
  });

  it("[S11.6] it tells all that it finds, file by file", () => {
    const text = `class A {\n  f() {\n${lines(6)}\n  }\n}\n`;
    expect(
      tooLarge(
        [
          { path: "b/a.ts", text },
          { path: "c.ts", text: "f();\n" },
          { path: "d.ts", text },
        ],
        { ...few, file: 9 },
      ),
    ).toEqual(
      ["b", "d"].flatMap((name) => {
        const path = name === "b" ? "b/a.ts" : "d.ts";
        return [`${path}: file has 10 lines`, `${path}: class A has 10 lines`, `${path}: function f has 8 lines`];
      }),
    );
  });
});
