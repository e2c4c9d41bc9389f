// Disks that take nothing more, while instances are at work on them, and take it again.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort } from "../e2e/npm.ts";
import { Api, outputOf, processTree, ROOT } from "../e2e/server.ts";
import { Audit } from "./audit.ts";
import { canMount, type Disk, limitedDisk, protectedDisk, smallDisk } from "./disk.ts";
import { bringToTheMiddle, expectEnds, expectSound, KINDS } from "./middle.ts";
import { Host } from "./processes.ts";
import { Recorder } from "./recorder.ts";

/** Most of the time these wait for pauses to pass: they run side by side, each with what is its own. */
interface Stage {
  readonly recorder: Recorder;
  readonly audit: Audit;
  /** The disk is removed, and the host killed, whatever the test's end. */
  take(disk: Disk | Promise<Disk>): Promise<Disk>;
  startHost(disk: Disk): Promise<Host>;
}

const it = test.extend<{ stage: Stage }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it that nothing else is needed
  stage: async ({}, use) => {
    const recorder = await Recorder.listen(["gated"]);
    const cleanUp: (() => Promise<void> | void)[] = [() => recorder.close()];
    await use({
      recorder,
      audit: Object.assign(new Audit(recorder), { objectsBreak: true }),
      take: async (disk) => {
        const taken = await disk;
        cleanUp.push(() => taken.remove());
        return taken;
      },
      startHost: async ({ directory, host: options }) => {
        const host = await Host.start(directory, recorder.url, options);
        cleanUp.push(() => host.kill());
        return host;
      },
    });
    for (const stop of cleanUp.reverse()) await stop();
  },
});

/** Long enough that the disk is full before. */
const TIMER_SECONDS = 3;

type Request = readonly [method: "GET" | "POST", path: string, errorCode: string];

/** One for each way to write, to instances that are there and to one that is not. */
const WRITES: readonly Request[] = [
  ["POST", "activities/start?instanceID=refused", "ERR_START_WORKFLOW"],
  ["POST", "a-event/raiseEvent/awaited", "ERR_RAISE_EVENT_WORKFLOW"],
  ["POST", "a-event/pause", "ERR_PAUSE_WORKFLOW"],
  ["POST", "a-buffered/resume", "ERR_RESUME_WORKFLOW"],
  ["POST", "a-activity/terminate", "ERR_TERMINATE_WORKFLOW"],
  ["POST", "a-parent/cancel", "ERR_CANCEL_WORKFLOW"],
];

async function send(host: Host, [method, path]: Request) {
  const response = await fetch(`${host.origin}/v1.0/workflows/dapr/${path}`, {
    method,
    ...(/start|raiseEvent/.test(path) && { body: '"refused"' }),
  });
  return { status: response.status, body: (await response.json()) as { runtimeStatus?: string; errorCode?: string } };
}

/** Each gets Dapr's error, and is told that it cannot know more. */
async function expectRefused(host: Host, requests: readonly Request[]): Promise<void> {
  for (const request of requests) {
    const [, path, errorCode] = request;
    const message = expect.stringMatching(/^error .*: instance '[a-z-]+' did not answer, .* get its state before/);
    expect([path, await send(host, request)]).toEqual([path, { status: 500, body: { errorCode, message } }]);
  }
}

/** What is on disk is told where it can be read. Where it cannot, no answer claims that an instance is not there. */
async function expectHonest(host: Host): Promise<void> {
  for (const id of KINDS) {
    const { status, body } = await send(host, ["GET", id, ""]);
    if (status === 200) expect([id, body.runtimeStatus]).toEqual([id, "RUNNING"]);
    else expect([id, status, body.errorCode]).toEqual([id, 500, "ERR_GET_WORKFLOW"]);
  }
}

/** The instances go on by themselves; what was refused is sent again; all end as if nothing had been, and once. */
async function expectToGoOn(
  { recorder, audit }: Stage,
  host: Host,
  disk: Disk,
  refused: readonly string[],
): Promise<void> {
  recorder.open("gated");
  await recorder.until("the activity after the timer, which nobody asks for", () =>
    recorder.of("a-timer").some(({ label, phase }) => label === "after" && phase === "finished"),
  );
  const api = new Api(host.origin);
  await api.raise("a-event", "awaited", "awaited");
  await api.raise("a-event", "buffered", "buffered");
  await api.raise("a-buffered", "buffered", "buffered");
  await api.raise("a-buffered", "awaited", "awaited");
  for (const id of refused) await api.start("activities", id);
  await expectEnds(api);
  for (const id of refused) {
    const state = await api.ended(id);
    expect([id, outputOf(state)]).toEqual([id, ["before done", "gated done", "after done"]]);
  }
  await host.stop();
  expectSound(audit, disk.databases(), [...KINDS, "a-parent:0002", ...refused]);
  // Their results were on disk before it was full.
  const before = recorder.reports.filter(
    ({ label, instanceId }) => label === "before" && !refused.includes(instanceId),
  );
  expect(before).toHaveLength(2 * (KINDS.length + 1));
}

async function workerdOf(host: Host) {
  const [workerd] = (await processTree(host.pid)).filter(({ name }) => name === "workerd");
  return workerd;
}

const mountable = canMount();
if (!mountable) console.log("No file system can be mounted here: a disk that is full is tested by a limit alone");

describe.concurrent.each([
  // Of these only the second lets SQLite make its index of a write-ahead log again, which a start needs.
  ["by a limit on its files", true, limitedDisk, "does not start"],
  ["with a small file system", mountable, smallDisk, "starts and refuses"],
] as const)("[C3] The disk is full, %s", (_, isPossible, newDisk, anotherServer) => {
  it.skipIf(!isPossible)("[C3.1] for a while: what is not on disk is refused, then all goes on", async ({ stage }) => {
    const { recorder, take, startHost } = stage;
    const disk = await take(newDisk());
    const host = await startHost(disk);
    await bringToTheMiddle(new Api(host.origin), recorder, TIMER_SECONDS);
    const workerd = await workerdOf(host);
    await disk.refuse();
    await expectRefused(host, WRITES);
    await expectHonest(host);
    // An activity ends and a timer falls due, and neither can be recorded. There is no event to wait for.
    recorder.open("gated");
    await recorder.seen("a-parent:0002", "finished", "gated");
    await delay(TIMER_SECONDS * 1_000);
    await expectHonest(host);
    expect(recorder.reports.filter(({ label }) => label === "after")).toEqual([]);
    await disk.refuse();
    await expectRefused(host, WRITES);
    expect(await workerdOf(host)).toEqual(workerd);
    await disk.accept();
    await expectToGoOn(stage, host, disk, ["refused"]);
  });

  it.skipIf(!isPossible)(
    "[C3.2] when everything is killed, and started again before there is room",
    async ({ stage }) => {
      const { recorder, audit, take, startHost } = stage;
      const disk = await take(newDisk());
      const first = await startHost(disk);
      await bringToTheMiddle(new Api(first.origin), recorder, TIMER_SECONDS);
      await disk.refuse();
      await expectRefused(first, WRITES);
      await first.kill();
      const onDisk = audit.crashed(disk.databases());
      expect([...onDisk.keys()].sort()).toEqual([...KINDS, "a-parent:0002"].sort());
      if (anotherServer === "does not start") {
        await expect(startHost(disk)).rejects.toThrow("SQLite failed");
      } else {
        const second = await startHost(disk);
        await disk.refuse();
        await expectRefused(second, WRITES);
        await expectHonest(second);
        await second.kill();
        audit.crashed(disk.databases());
      }
      await disk.accept();
      await expectToGoOn(stage, await startHost(disk), disk, ["refused"]);
    },
  );
});

describe.concurrent("[C4] The directory is read-only", () => {
  it("[C4.1] from some moment on: objects that have their files open go on, and no other begins", async ({ stage }) => {
    const { recorder, audit, take, startHost } = stage;
    const disk = await take(protectedDisk());
    const first = await startHost(disk);
    const api = new Api(first.origin);
    await bringToTheMiddle(api, recorder, TIMER_SECONDS);
    await disk.refuse();
    await expectRefused(first, WRITES.slice(0, 1));
    // Acknowledged, and so on disk.
    await api.raise("a-event", "awaited", "awaited");
    await first.kill();
    const found = audit.crashed(disk.databases()).get("a-event");
    const taken = found?.history.filter(({ type }) => type === "EventRaised") ?? [];
    expect(taken.length + (found?.left.inbox ?? 0)).toBe(1);
  });

  it("[C4.2] from the start: it is read, nothing is acknowledged, and all goes on at the next start that can write", async ({
    stage,
  }) => {
    const { recorder, audit, take, startHost } = stage;
    const disk = await take(protectedDisk());
    const first = await startHost(disk);
    await bringToTheMiddle(new Api(first.origin), recorder, TIMER_SECONDS);
    await first.kill();
    audit.crashed(disk.databases());
    await disk.refuse();
    const second = await startHost(disk);
    await expectRefused(second, WRITES);
    await expectHonest(second);
    // workerd has opened its list of alarms for reading only, and keeps it so.
    await second.kill();
    await disk.accept();
    audit.crashed(disk.databases());
    await expectToGoOn(stage, await startHost(disk), disk, ["refused"]);
  });

  it("[C4.3] and empty: the server does not start, and leaves nothing behind", async ({ stage }) => {
    const { take, startHost } = stage;
    const disk = await take(protectedDisk());
    await disk.refuse();
    await expect(startHost(disk)).rejects.toThrow("EACCES: permission denied");
    expect(readdirSync(disk.databases())).toEqual([]);
  });

  it("[C4.4] and empty: npm start says so, and how to go on", async ({ stage }) => {
    const { take } = stage;
    const disk = await take(protectedDisk());
    await disk.refuse();
    const start = [process.execPath, join(ROOT, "scripts/start.mjs"), "--persist-to", disk.directory];
    const [command = "", ...args] = [...(disk.host.prefix ?? []), ...start, "--port", String(await freePort())];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`Cannot write to ${disk.directory} (EACCES)`);
    expect(stderr).toContain("npm start -- --persist-to");
  });
});
