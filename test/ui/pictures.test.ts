// [S22.8] The pictures of README and docs, made by a walk through the pages that they show: SCREENSHOTS=1 npm run test:ui -- pictures
import { afterAll, beforeAll, expect, it } from "vitest";
import { screenshot, UiServer, visit } from "./harness.ts";

const ORDERS = [
  ["order-1041", { itemName: "paperclip", totalCost: 50, quantity: 10 }],
  ["order-1043", { itemName: "unicorn", totalCost: 120, quantity: 1 }],
  ["order-1044", { itemName: "computer", totalCost: 1_000, quantity: 2 }],
  ["order-1042", { itemName: "car", totalCost: 9_000, quantity: 1 }],
  ["order-1045", { itemName: "paperclip", totalCost: 25, quantity: 5 }],
] as const;

let server: UiServer;
beforeAll(async () => {
  server = await UiServer.start();
  await server.start("fanOutFanIn", "words-3", ["a few words", "and some more"]);
  await server.start("saga", "trip-17", { trip: "Oslo", failAt: "hotel" });
  await server.start("humanInteraction", "signoff-7", { question: "Publish the report?", timeoutSeconds: 86_400 });
  await server.start("monitor", "health-us", {});
  await server.start("childWorkflows", "family-2", ["Ada"]);
  await server.start("monitor", "health-eu", { intervalSeconds: 300, checks: 12 });
  for (const [id, input] of ORDERS) await server.start("orderProcessingWorkflow", id, input);
  await server.settled({
    "order-1042": "RUNNING",
    "order-1041": "COMPLETED",
    "family-2": "COMPLETED",
    "health-us": "FAILED",
  });
});
afterAll(() => server?.stop());

it("[S22.8.1] the list, light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const)
    await visit(
      server,
      "#/list",
      async (page) => {
        await page.getByRole("link", { name: "order-1042", exact: true }).waitFor();
        await page.getByRole("button", { name: /^Waiting \d/ }).waitFor();
        await page.getByText("approval_event").waitFor();
        expect(await page.locator(".row-link").count()).toBeGreaterThan(9);
        await screenshot(page, `list-${colorScheme}`);
      },
      { colorScheme, viewport: { width: 1200, height: 720 } },
    );
});

it("[S22.8.2] an instance that waits", async () => {
  await visit(
    server,
    "#/i/order-1042",
    async (page) => {
      await page.getByText("Waits for the event approval_event").waitFor();
      await page.getByText("requestApproval").first().waitFor();
      await screenshot(page, "instance");
    },
    { viewport: { width: 1200, height: 720 } },
  );
});

it("[S22.8.3] the overview", async () => {
  await visit(
    server,
    "#/",
    async (page) => {
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      await page.getByText("orderProcessingWorkflow").first().waitFor();
      await screenshot(page, "overview");
    },
    { viewport: { width: 1200, height: 720 } },
  );
});
