// The tests that mutants are shown to, in the order of what they cost: those that run the code in their own process, then those inside
// workerd. Left out is what tries every point of a run, for a survivor would take minutes.
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const FOLDERS = [
  "engine",
  "storage",
  "http",
  "model",
  "authoring",
  "instance",
  "limits",
  "testing",
  "encryption",
  "upgrade",
  "simulation",
];

class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  return FOLDERS.findIndex((name) => moduleId.includes(`/test/node/${name}/`));
}

export default defineConfig({
  test: {
    sequence: { sequencer: CheapestFirst },
    projects: [
      {
        resolve: {
          alias: { "cloudflare:workers": fileURLToPath(new URL("../cloudflare-workers.ts", import.meta.url)) },
        },
        test: {
          name: "node",
          include: FOLDERS.map((name) => `test/node/${name}/**/*.test.ts`),
          exclude: ["**/crash-everywhere.test.ts", "**/idempotency.test.ts"],
          env: { SIMULATION_SEEDS: "40" },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        logLevel: "error",
        plugins: [cloudflareTest({ main: "./test/workers/worker.ts", wrangler: { configPath: "./wrangler.toml" } })],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          testTimeout: 60_000,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
