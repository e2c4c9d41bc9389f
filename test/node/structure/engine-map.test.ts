// src/engine/README.md says of each file of the folder what it is for: a reader finds there where to look.
import { describe, expect, it } from "vitest";
import { readSources, readText } from "./source.ts";

/** The files that the tables name, each with what stands behind it. */
function filesOf(readme: string): { file: string; purpose: string }[] {
  return [...readme.matchAll(/^\| `([\w-]+\.ts)` \|(.*)\|$/gm)].map(([, file = "", purpose = ""]) => ({
    file,
    purpose: purpose.trim(),
  }));
}

/** What is wrong with the tables, for a folder of these files. */
function faultsOf(readme: string, folder: readonly string[]): string[] {
  const rows = filesOf(readme);
  const named = rows.map(({ file }) => file);
  return [
    ...folder.filter((file) => !named.includes(file)).map((file) => `${file} is missing`),
    ...named.filter((file) => !folder.includes(file)).map((file) => `${file} does not exist`),
    ...named.filter((file, n) => named.indexOf(file) !== n).map((file) => `${file} is named twice`),
    ...rows.flatMap(({ file, purpose }) => (purpose === "" ? [`${file} is for nothing`] : [])),
  ];
}

describe("[S17] The map of src/engine", () => {
  const folder = readSources().flatMap(({ path }) =>
    path.startsWith("engine/") ? [path.slice("engine/".length)] : [],
  );

  it("[S17.1] has every file of the folder once, with what it is for, and no other", () => {
    expect(folder.length).toBeGreaterThan(40);
    expect(faultsOf(readText("engine/README.md"), folder)).toEqual([]);
  });

  it("[S17.2] the check finds what is missing, gone, there twice, or for nothing", () => {
    const readme =
      "| Tasks | |\n|---|---|\n| `a.ts` | tasks |\n| `b-c.ts` | |\n| `d.ts` | waits |\n| `a.ts` | tasks |\n";
    expect(faultsOf(readme, ["a.ts", "b-c.ts", "e.ts"])).toEqual([
      "e.ts is missing",
      "d.ts does not exist",
      "a.ts is named twice",
      "b-c.ts is for nothing",
    ]);
  });
});
