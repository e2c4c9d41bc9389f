// What a token may not do is not offered.
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ask, goTo, openPage, withToken } from "./journey.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
const ROLES = ["viewer", "starter", "operator", "admin"] as const;
const as = (role: string) => ({ "dapr-api-token": `secret of ${role}` });

beforeAll(async () => {
  const lines = ROLES.map(
    (role) => `${role}:${role}:-:*:${createHash("sha256").update(`secret of ${role}`).digest("hex")}`,
  );
  world = await openWorld({ DAPR_API_TOKENS: lines.join("\n") }, "acting-worker.js");
  await ask(world, "POST workflows/dapr/chat/start?instanceID=chat-1", undefined, as("admin"));
  await ask(world, "POST workflow-schedules/dapr", { id: "hourly", workflowName: "rest", interval: "1h" }, as("admin"));
});
afterAll(() => world?.close());
afterEach(() => {
  expect(world.troubles()).toEqual([]);
});

it.each([
  ["viewer", ["Query …"]],
  ["starter", ["Raise an event …", "Query …", "Update …", "Start one like this …"]],
  [
    "operator",
    [
      ...["Raise an event …", "Pause …", "Query …", "Update …", "Restart …", "Change version …"],
      ...["Cancel …", "Terminate …", "Start one like this …"],
    ],
  ],
] as const)("[U33.1] a %s is offered %j, and no purge", async (role, offered) => {
  const page = await openPage(world, "#/i/chat-1", withToken(`secret of ${role}`));
  await page.getByRole("button", { name: "Actions" }).click();
  expect(await page.getByRole("menuitem").allTextContents()).toEqual(offered);
  await page.context().close();
});

it("[U33.2] a viewer sees every page, and no button that changes something", async () => {
  const page = await openPage(world, "#/", withToken("secret of viewer"));
  for (const hash of [
    "#/schedules",
    "#/schedules/hourly",
    "#/jobs",
    "#/catalog",
    "#/workflows",
    "#/limits",
    "#/failures",
  ]) {
    await goTo(world, page, hash);
    const labels = await page.getByRole("main").getByRole("button").allTextContents();
    expect([hash, labels.filter((label) => /…$|Start|New|Change|Trigger/.test(label))]).toEqual([hash, []]);
    expect(
      await page
        .getByRole("main")
        .getByRole("link", { name: /New schedule|^Start|^Change/ })
        .count(),
    ).toBe(0);
  }
  await goTo(world, page, "#/start");
  await page.getByText("Your token may only look").waitFor();
  await page.context().close();
});

it("[U33.3] the shown curl takes the token from the environment, and does not show it", async () => {
  const page = await openPage(world, "#/start?name=chat", withToken("secret of admin"));
  const shown = page.locator(".terminal");
  await shown.getByText('-H "dapr-api-token: $DAPR_API_TOKEN"').waitFor();
  expect(await page.locator("body").textContent()).not.toContain("secret of admin");
  await page.context().close();
});
