// src/instance has ten rooms, and each is entered by its door, `index.ts`: what a room shows is read there, the rest is its own.
// The tests have the same rooms.
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { readSources, readTestsOfInstance, type Source } from "./source.ts";

const ROOMS = [
  "activities",
  "announcing",
  "delivery",
  "leasing",
  "life",
  "notifying",
  "reading",
  "tracing",
  "waking",
  "watching",
].map((room) => `instance/${room}`);

/** Every import of a file of a room, from outside it, that is not its door. */
function pastTheDoor(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter((imported) => ROOMS.includes(dirname(imported)) && dirname(imported) !== dirname(path))
      .filter((imported) => !imported.endsWith("/index.ts"))
      .map((imported) => `${path} -> ${imported}`),
  );
}

function roomsOf(sources: readonly Source[]): string[] {
  const folders = sources.map(({ path }) => dirname(path)).filter((folder) => folder.startsWith("instance/"));
  return [...new Set(folders)].sort();
}

describe("[S16] Rooms", () => {
  const sources = readSources();

  it("[S16.1] these are the rooms of src/instance, and each has a door", () => {
    expect(roomsOf(sources)).toEqual(ROOMS);
    const paths = sources.map(({ path }) => path);
    expect(ROOMS.map((room) => `${room}/index.ts`).filter((door) => !paths.includes(door))).toEqual([]);
  });

  it("[S16.2] each is entered by its door, from other rooms, from above and from outside", () => {
    expect(pastTheDoor(sources)).toEqual([]);
  });

  it("[S16.3] the check finds who comes another way, and nobody else", () => {
    const file = (path: string, ...imports: string[]): Source => ({ path, code: "", imports });
    expect(
      pastTheDoor([
        file("instance/life/a.ts", "instance/life/b.ts", "instance/waking/index.ts", "instance/waking/burst.ts"),
        file("instance/instance.ts", "instance/life/b.ts", "instance/limits.ts"),
        file("testing/hosts.ts", "instance/reading/describe.ts", "instance/reading/index.ts"),
      ]),
    ).toEqual([
      "instance/life/a.ts -> instance/waking/burst.ts",
      "instance/instance.ts -> instance/life/b.ts",
      "testing/hosts.ts -> instance/reading/describe.ts",
    ]);
  });

  it("[S16.4] each has its tests in a folder of its name, and they alone see past its door; the others are about the whole", () => {
    const tests = readTestsOfInstance();
    expect(roomsOf(tests)).toEqual(ROOMS);
    expect(tests.some(({ imports }) => imports.includes("instance/life/gate.ts"))).toBe(true);
    expect(pastTheDoor(tests)).toEqual([]);
  });
});
