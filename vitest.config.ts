import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Real alarms and deliveries, on a machine that may be busy. */
const poll = { timeout: 10_000 };
const testTimeout = 30_000;

export default defineConfig({
  test: {
    silent: "passed-only",
    reporters: ["default", "./scripts/progress-reporter.mjs"],
    projects: [
      {
        // Inside workerd, with real Durable Objects, storage and alarms.
        logLevel: "error",
        plugins: [
          cloudflareTest({
            main: "./test/workers/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              durableObjects: {
                // A catalog of its own, and instances that say what a test wants them to, when it asks.
                CATALOG_ALONE: { className: "CatalogAlone", useSQLite: true },
                CATALOG_SOURCE: { className: "CatalogSourceStandIn", useSQLite: true },
              },
            },
          }),
        ],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], testTimeout, expect: { poll } },
      },
      {
        // Programs written for Dapr, whose import is resolved to this library.
        logLevel: "error",
        resolve: { alias: { "@dapr/dapr": fileURLToPath(new URL("src/dapr.ts", import.meta.url)) } },
        plugins: [
          cloudflareTest({ main: "./test/conformance/worker.ts", wrangler: { configPath: "./wrangler.toml" } }),
        ],
        test: { name: "conformance", include: ["test/conformance/**/*.test.ts"], testTimeout, expect: { poll } },
      },
      {
        // Plain Node: what is pure, and what drives a server from outside.
        resolve: {
          alias: { "cloudflare:workers": fileURLToPath(new URL("test/node/cloudflare-workers.ts", import.meta.url)) },
        },
        test: { name: "node", include: ["test/node/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
      },
    ],
  },
});
