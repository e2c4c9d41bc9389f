// No file of src/ imports itself by way of others, not even for a type: each can be read, moved and tested with what is below
// it, and whoever follows the imports comes to an end.
import { describe, expect, it } from "vitest";
import { circlesOf } from "./circles.ts";
import { readSources, type Source } from "./source.ts";

const file = (path: string, ...imports: string[]): Source => ({ path, code: "", imports });

describe("[S1] Circles of imports", () => {
  it("[S1.7] there are none between files", () => {
    expect(circlesOf(readSources())).toEqual([]);
  });

  it("[S1.8] the check finds a circle, and names it file by file, once", () => {
    const sources = [file("c.ts", "a.ts"), file("b.ts", "c.ts"), file("a.ts", "b.ts", "d.ts"), file("d.ts")];
    expect(circlesOf(sources)).toEqual(["a.ts -> b.ts -> c.ts -> a.ts"]);
  });

  it("[S1.9] it tells circles apart that meet in a file, and a file that imports itself", () => {
    const sources = [file("a.ts", "b.ts", "c.ts"), file("b.ts", "a.ts"), file("c.ts", "a.ts"), file("d.ts", "d.ts")];
    expect(circlesOf(sources)).toEqual(["a.ts -> b.ts -> a.ts", "a.ts -> c.ts -> a.ts", "d.ts -> d.ts"]);
  });

  it("[S1.10] packages, and two ways to one file, are no circle", () => {
    const sources = [
      file("a.ts", "b.ts", "c.ts", "itty-router"),
      file("b.ts", "d.ts"),
      file("c.ts", "d.ts"),
      file("d.ts"),
    ];
    expect(circlesOf(sources)).toEqual([]);
  });
});
