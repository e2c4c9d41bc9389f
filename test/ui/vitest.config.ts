import { defineConfig } from "vitest/config";

/** Journeys in a real Chromium, which `npm run test:ui` installs where it is missing: no part of `npm test`. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    name: "ui",
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One browser and one server at a time: what is measured is theirs.
    fileParallelism: false,
    reporters: ["default"],
  },
});
