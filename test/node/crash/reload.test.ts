// Code that changes while instances are at work.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { endAll, freePort, npm, type Running } from "../e2e/npm.ts";
import { Api, isRunning, processTree, ROOT, temporaryDirectory, until } from "../e2e/server.ts";
import { Audit } from "./audit.ts";
import { runCampaign } from "./campaign.ts";
import { KINDS as KINDS_OF_CAMPAIGN } from "./kinds.ts";
import { bringToTheMiddle, expectEnds, expectSound, KINDS } from "./middle.ts";
import { Recorder } from "./recorder.ts";

const SEED = Number(process.env.CRASH_SEED ?? 20_261_124);
/** For a campaign beside other work, and twice what it waits for leases that a reload has left behind. */
const PATIENCE_MS = 240_000;

interface Place {
  readonly directory: string;
  /** Everything that has to be stopped, whatever the test's end. */
  readonly cleanUp: (() => Promise<void>)[];
}

const it = test.extend<{ place: Place }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it that nothing else is needed
  place: async ({}, use) => {
    const place: Place = { directory: temporaryDirectory(), cleanUp: [] };
    await use(place);
    for (const stop of place.cleanUp.reverse()) await stop();
    rmSync(place.directory, { recursive: true, force: true });
  },
});

const CONFIGURATION = `
name = "test"
main = "worker.js"
compatibility_date = "2026-10-01"
[[durable_objects.bindings]]
name = "WORKFLOW_INSTANCE"
class_name = "WorkflowInstance"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["WorkflowInstance"]
`;

/** Writes a file of this folder into the author's, with some of its text replaced. */
function writeSource(directory: string, name: string, text: string, replacement: string): void {
  const source = readFileSync(fileURLToPath(new URL(name, import.meta.url).href), "utf8");
  if (!source.includes(text)) throw new Error(`expected "${text}" in ${name}`);
  writeFileSync(join(directory, name), source.replace(text, replacement));
}

async function startDevServer(
  { directory, cleanUp }: Place,
  recorderUrl: string,
): Promise<{ origin: string; server: Running }> {
  writeFileSync(join(directory, "wrangler.toml"), CONFIGURATION);
  writeSource(directory, "./worker.js", "edge-workflows", join(ROOT, "src/index.ts"));
  writeSource(directory, "./step.js", "first edition", "first edition");
  const port = await freePort();
  const place = ["--config", join(directory, "wrangler.toml"), "--persist-to", directory, "--port", String(port)];
  const server = npm("start", "--", ...place, "--var", `RECORDER_URL:${recorderUrl}`);
  const tree = () => processTree(Number(server.child.pid));
  cleanUp.push(async () => endAll(await tree()));
  const isReady = () => /Ctrl-C/.test(server.output());
  await until("the lines that npm start prints", () => isReady() || server.child.exitCode !== null, 40_000);
  if (!isReady()) throw new Error(server.output());
  return { origin: `http://127.0.0.1:${port}`, server };
}

describe.concurrent("[C5] The code is changed in the middle of a run", () => {
  it(
    "[C5.1] again and again, with every kind under load: nothing is lost, twice or early",
    async ({ place: { directory } }) => {
      console.log(`CRASH_SEED=${SEED}`);
      const instances = KINDS_OF_CAMPAIGN.length;
      const limitMs = PATIENCE_MS - 8_000;
      const options = { directory, seed: SEED, kills: 3, reloads: true, instances, longestMs: 600, limitMs };
      const { violations, leastInFlight, editions } = await runCampaign(options);
      expect(violations).toEqual([]);
      expect(leastInFlight).toBeGreaterThanOrEqual(KINDS_OF_CAMPAIGN.length);
      // None comes back once another has taken its place.
      expect(editions).toEqual([...new Set(editions)]);
      expect([editions.at(0), editions.at(-1)]).toEqual(["first edition", "edition 4"]);
    },
    PATIENCE_MS,
  );

  it("[C5.2] by saving a file while npm start runs: the activity that was cut off runs again, with the new code", async ({
    place,
  }) => {
    const { directory, cleanUp } = place;
    const recorder = await Recorder.listen(["gated"]);
    cleanUp.push(() => recorder.close());
    const { origin, server } = await startDevServer(place, recorder.url);
    const api = new Api(origin);
    await bringToTheMiddle(api, recorder);
    await Promise.all([api.raise("a-event", "awaited", "awaited"), api.raise("a-buffered", "buffered", "buffered")]);
    writeSource(directory, "./step.js", "first edition", "second edition");
    for (const id of ["a-activity", "a-parent:0002"])
      await recorder.until(`${id} in its gated activity again`, () =>
        recorder.of(id).some(({ label, edition }) => label === "gated" && edition === "second edition"),
      );
    recorder.open("gated");
    await api.raise("a-event", "buffered", "buffered");
    await api.raise("a-buffered", "awaited", "awaited");
    await expectEnds(api);
    const tree = await processTree(Number(server.child.pid));
    server.child.kill("SIGTERM");
    await until("the end of all processes", () => !tree.some(isRunning));

    expectSound(new Audit(recorder), join(directory, "v3"), [...KINDS, "a-parent:0002"]);
    // The timer may have fired before the new code was there.
    const reports = recorder.reports.filter(({ instanceId }) => instanceId !== "a-timer");
    const editions = (label: string) =>
      new Set(reports.filter((report) => report.label === label).map(({ edition }) => edition));
    expect(editions("before")).toEqual(new Set(["first edition"]));
    expect(editions("after")).toEqual(new Set(["second edition"]));
  });
});
