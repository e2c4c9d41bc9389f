// kill -9 in the middle of everything. Each test prints its seed; CRASH_SEED repeats it.
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Api, bundle, outputOf, serve, temporaryDirectory, until } from "../e2e/server.ts";
import { Random } from "../random.ts";
import { Audit } from "./audit.ts";
import { runCampaign } from "./campaign.ts";
import { readAlarms, readStrayAlarms } from "./database.ts";
import { KINDS as KINDS_OF_CAMPAIGN } from "./kinds.ts";
import { bringToTheMiddle, expectEnds, expectListed, expectSound, KINDS } from "./middle.ts";
import { gone, Host, kill, ownWorkerd } from "./processes.ts";
import { Recorder } from "./recorder.ts";

const SEED = Number(process.env.CRASH_SEED ?? 20_261_124);
/** For a campaign beside other work, and twice what it waits for leases that a kill has left behind. */
const PATIENCE_MS = 240_000;
/** What does not end is told of before the test's time is up. */
const BOUNDS = { limitMs: PATIENCE_MS - 8_000 };

let directory: string;
let recorder: Recorder;
let audit: Audit;
/** Everything that has to be stopped, whatever the test's end. */
let cleanUp: (() => Promise<void>)[];

beforeEach(async () => {
  directory = temporaryDirectory();
  recorder = await Recorder.listen(["gated"]);
  audit = new Audit(recorder);
  cleanUp = [];
});

afterEach(async () => {
  for (const stop of cleanUp.reverse()) await stop();
  await recorder.close();
  rmSync(directory, { recursive: true, force: true });
});

async function startHost(): Promise<Host> {
  const host = await Host.start(directory, recorder.url);
  cleanUp.push(() => host.kill());
  return host;
}

describe("[C1] The whole server is killed and started again on the same directory", () => {
  const random = new Random(SEED);
  const moments = [0, 1, 2].map(() => random.below(40));

  it.each(moments)(
    "[C1.1] in the middle of an activity, a timer, two event waits and a child, %i ms on",
    async (pauseMs) => {
      console.log(`CRASH_SEED=${SEED}`);
      const first = await startHost();
      const api = new Api(first.origin);
      await bringToTheMiddle(api, recorder);
      await delay(pauseMs);
      // Both are acknowledged, and nothing else is waited for before the kill.
      await Promise.all([api.raise("a-event", "awaited", "awaited"), api.raise("a-buffered", "buffered", "buffered")]);
      await first.kill();

      audit.crashed(directory);
      const second = await startHost();
      recorder.open("gated");
      const apiAfter = new Api(second.origin);
      await apiAfter.raise("a-event", "buffered", "buffered");
      await apiAfter.raise("a-buffered", "awaited", "awaited");
      await expectEnds(apiAfter);
      await expectListed(second.origin, [...KINDS, "a-parent:0002"]);
      await second.stop();

      expectSound(audit, directory, [...KINDS, "a-parent:0002"]);
      expect(
        recorder.of("a-activity").filter(({ label, phase }) => label === "gated" && phase === "started"),
      ).toHaveLength(2);
    },
  );

  it("[C1.2] a timer that was due while nothing ran fires at the start, and nobody has to ask for it", async () => {
    const first = await startHost();
    await new Api(first.origin).start("timer", "overdue", 3);
    await recorder.until("the first activity", () => recorder.of("overdue").some(({ phase }) => phase === "finished"));
    expect((await new Api(first.origin).state("overdue")).runtimeStatus).toBe("RUNNING");
    await first.kill();
    // The audit knows an alarm of an object from one that is only left on the runtime's list.
    expect([[...readAlarms(directory).keys()], [...readStrayAlarms(directory)]]).toEqual([["overdue"], []]);
    audit.crashed(directory);
    await delay(3_000);
    const second = await startHost();
    // No request reaches the object before this.
    await recorder.until("the activity after the timer", () =>
      recorder.of("overdue").some(({ label }) => label === "after"),
    );
    const state = await new Api(second.origin).ended("overdue");
    expect([state.runtimeStatus, outputOf(state)]).toEqual([
      "COMPLETED",
      { before: "before done", after: "after done", isEarly: false },
    ]);
    await expectListed(second.origin, ["overdue"]);
    await second.stop();
    expectSound(audit, directory, ["overdue"]);
  });

  it(
    "[C1.3] at random moments, again and again, with every kind under load: nothing is lost, twice or early",
    async () => {
      console.log(`CRASH_SEED=${SEED}`);
      const instances = KINDS_OF_CAMPAIGN.length;
      const result = await runCampaign({ directory, seed: SEED, kills: 4, instances, longestMs: 600, ...BOUNDS });
      expect(result.violations).toEqual([]);
      expect(result.leastInFlight).toBeGreaterThanOrEqual(KINDS_OF_CAMPAIGN.length);
      expect(result.activities).toBeGreaterThan(100);
    },
    PATIENCE_MS,
  );

  it(
    "[C1.4] without the catalog, where instances whose time is over go by themselves: nothing is lost, twice, or still there",
    async () => {
      console.log(`CRASH_SEED=${SEED}`);
      const kinds = KINDS_OF_CAMPAIGN.filter(({ name }) => /^(retention|bulk|rerun|version)/.test(name));
      const options = { directory, seed: SEED, kills: 2, kinds, instances: kinds.length, longestMs: 1_000, ...BOUNDS };
      const result = await runCampaign({ ...options, hasCatalog: false });
      expect(result.violations).toEqual([]);
      expect(result.acknowledged.jobs).toBeGreaterThanOrEqual(4);
      expect(result.gone).toBeGreaterThanOrEqual(7);
    },
    PATIENCE_MS,
  );
});

describe("[C2] workerd alone is killed, and Miniflare starts another on the same port", () => {
  it("[C2.1] in the middle of an activity, a timer, two event waits and a child", async () => {
    let restarts = 0;
    const entry = fileURLToPath(new URL("./worker.js", import.meta.url).href);
    const server = await serve(await bundle(entry), {
      directory,
      variables: { RECORDER_URL: recorder.url },
      onRestart: () => restarts++,
    });
    let closed = false;
    const close = async () => {
      if (!closed) await server.close();
      closed = true;
    };
    cleanUp.push(close);
    const api = new Api(server.origin);
    await bringToTheMiddle(api, recorder);
    await Promise.all([api.raise("a-event", "awaited", "awaited"), api.raise("a-buffered", "buffered", "buffered")]);
    const workerd = await ownWorkerd();
    kill(workerd.pid);
    await gone([workerd]);
    recorder.epoch++;
    await until("an answer of the new workerd", async () => {
      const answer = await fetch(`${server.origin}/v1.0/healthz`).catch(() => undefined);
      return answer?.status === 204;
    });
    expect((await ownWorkerd()).pid).not.toBe(workerd.pid);
    await until("the news of the restart", () => restarts === 1);

    recorder.open("gated");
    await api.raise("a-event", "buffered", "buffered");
    await api.raise("a-buffered", "awaited", "awaited");
    await expectEnds(api);
    await expectListed(server.origin, [...KINDS, "a-parent:0002"]);
    await close();
    expectSound(audit, directory, [...KINDS, "a-parent:0002"]);
  });
});
