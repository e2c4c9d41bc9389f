// [C8] What the campaign of kills sees of the catalog: each thing that can be wrong with it, shown by data that are.
import { rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { objectDirectory, temporaryDirectory } from "../e2e/server.ts";
import { runCampaign } from "./campaign.ts";
import { askInstance, differences, listAll, listJobs, type Row, type There, untilRight } from "./catalog.ts";
import { Client } from "./client.ts";
import { filesIn, query } from "./database.ts";

const there = (...instances: There[]) => new Map(instances.map((instance) => [instance.instanceId, instance]));
const row = (instanceId: string, status = "COMPLETED", createdAtMs = 1): Row => ({ instanceId, status, createdAtMs });
const all = () => true;
const nothing = { missing: [], unheard: [], tooMany: [], wrong: [] };
const BOTH = there(row("s1"), row("s1:0001", "FAILED"));

describe("[C8] one row for each instance and no other", () => {
  it("[C8.1] nothing is wrong", () => {
    const rows = [row("s1"), row("s1:0001", "FAILED")];
    expect(differences(rows, BOTH, all)).toEqual({ compared: 2, ...nothing });
    expect(differences([], new Map(), all)).toEqual({ compared: 0, ...nothing });
  });

  it.each<[string, Row[], object]>([
    ["a row is missing", [row("s1")], { missing: ["s1:0001 was acknowledged and is not listed"] }],
    [
      "a row is there and its instance is not",
      [row("s1"), row("s1:0001", "FAILED"), row("s2", "RUNNING")],
      { tooMany: ["s2 is listed as RUNNING and is not there"] },
    ],
    ["a row is there twice", [row("s1"), row("s1"), row("s1:0001", "FAILED")], { tooMany: ["s1 is listed twice"] }],
    [
      "a row is of the life before",
      [row("s1", "COMPLETED", 0), row("s1"), row("s1:0001", "FAILED")],
      { tooMany: ["s1 is listed as a life that it is not in"] },
    ],
    [
      "there is only the row of the life before",
      [row("s1", "COMPLETED", 0), row("s1:0001", "FAILED")],
      {
        tooMany: ["s1 is listed as a life that it is not in"],
        missing: ["s1 was acknowledged and is not listed"],
      },
    ],
    [
      "a row is stale",
      [row("s1", "RUNNING"), row("s1:0001", "FAILED")],
      { wrong: ["s1 is listed as RUNNING and is COMPLETED"] },
    ],
    [
      "a purge has marked one that is still there",
      [row("s1", "leaving"), row("s1:0001", "FAILED")],
      { wrong: ["s1 is marked as leaving and is COMPLETED"] },
    ],
  ])("[C8.2] %s", (_title, rows, expected) => {
    expect(differences(rows, BOTH, all)).toEqual({ compared: rows.length, ...nothing, ...expected });
  });

  it("[C8.3] of one that is missing it is told apart whether anybody was acknowledged of it", () => {
    const isAcknowledged = (id: string) => id === "s1";
    expect(differences([], BOTH, isAcknowledged)).toEqual({
      ...{ compared: 0, ...nothing },
      missing: ["s1 was acknowledged and is not listed"],
      unheard: ["s1:0001 was acknowledged to nobody and is not listed"],
    });
  });

  it("[C8.10] what else it says of an instance is compared where both say it", () => {
    const rows = [{ ...row("s1"), says: "red" }, row("s1:0001", "FAILED")];
    const says = (text: string) => there({ ...row("s1"), says: text }, { ...row("s1:0001", "FAILED"), says: text });
    expect(differences(rows, says("red"), all)).toEqual({ compared: 2, ...nothing });
    expect(differences(rows, BOTH, all)).toEqual({ compared: 2, ...nothing });
    const wrong = ["s1 is listed with red and says blue"];
    expect(differences(rows, says("blue"), all)).toEqual({ compared: 2, ...nothing, wrong });
  });

  it("[C8.4] a mark of a purge, and of one whose ID is in use anew, is nothing that is listed", () => {
    expect(differences([row("s2", "leaving")], new Map(), all)).toEqual({ compared: 1, ...nothing });
    expect(differences([row("s1", "leaving", 0), row("s1"), row("s1:0001", "FAILED")], BOTH, all)).toEqual({
      compared: 3,
      ...nothing,
    });
  });
});

describe("[C8] what is owed comes later", () => {
  const clock = () => {
    let nowMs = 0;
    return {
      now: () => nowMs,
      delay: async (ms: number) => {
        nowMs += ms;
      },
    };
  };

  it("[C8.5] it is looked at again until all is right", async () => {
    const counts = [3, 3, 1, 0, 5];
    expect(
      await untilRight(
        async () => counts.shift() ?? 9,
        (count) => count,
        1_000,
        clock(),
      ),
    ).toBe(0);
    expect(counts).toEqual([5]);
  });

  it("[C8.6] and no longer than something changes for the better: what is wrong then stays wrong", async () => {
    const time = clock();
    // One that goes to and fro is not on its way.
    const look = async () => (time.now() < 400 ? 3 : 1 + ((time.now() / 200) % 2));
    expect(await untilRight(look, (count) => count, 1_000, time)).toBe(1);
    expect(time.now()).toBe(1_600);
  });
});

describe("[C8] the list, over HTTP", () => {
  async function answering(answers: readonly (readonly [status: number, body: object | string])[]) {
    const asked: string[] = [];
    const server = createServer((request, response: ServerResponse) => {
      asked.push(request.url ?? "");
      const [status, body] = answers[asked.length - 1] ?? [404, {}];
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = new Client();
    client.up(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { client, asked, close };
  }

  const listed = (instanceID: string) => ({
    instanceID,
    createdAt: "1970-01-01T00:00:00.001Z",
    runtimeStatus: "COMPLETED",
  });

  it("[C8.7] all pages of it", async () => {
    const { client, asked, close } = await answering([
      [200, { workflows: [listed("s1")], continuationToken: "t/1" }],
      [502, "Bad Gateway"],
      [200, { workflows: [listed("s2")] }],
    ]);
    expect(await listAll(client)).toMatchObject([row("s1"), row("s2")]);
    const second = "/v1.0/workflows/dapr?pageSize=256&continuationToken=t%2F1";
    expect(asked).toEqual(["/v1.0/workflows/dapr?pageSize=256", second, second]);
    await close();
  });

  it("[C8.11] jobs have a list, and an answer, of their own", async () => {
    const job = {
      jobID: "bulk:00000000-0000-0000-0000-000000000001",
      started: "1970-01-01T00:00:00.001Z",
      state: "RUNNING",
    };
    const { client, asked, close } = await answering([
      [200, { jobs: [job], continuationToken: "t/1" }],
      [200, { jobs: [] }],
      [200, job],
      [200, { jobs: [], missingShards: 1 }],
      [404, {}],
    ]);
    expect(await listJobs(client)).toEqual([row(job.jobID, "RUNNING")]);
    expect(await askInstance(client, job.jobID)).toEqual({ status: "RUNNING" });
    expect(await listJobs(client)).toBe("the list of jobs misses its shard");
    expect(await listJobs(client)).toBe("the list of jobs answered 404: {}");
    const list = "/v1.0/workflow-jobs/dapr?pageSize=40";
    expect(asked.slice(0, 3)).toEqual([
      list,
      `${list}&continuationToken=t%2F1`,
      `/v1.0/workflow-jobs/dapr/${job.jobID}`,
    ]);
    await close();
  });

  it("[C8.12] what a list and an instance both say is the same text, in whatever order their fields stand", async () => {
    const told = {
      ...listed("s1"),
      ...{ workflowName: "w", version: "v2", customStatus: "c", parentInstanceID: "p" },
      failure: { errorType: "TypeError", message: "no" },
    };
    const { client, close } = await answering([
      [200, { workflows: [{ ...told, searchAttributes: { a: 1, b: 2 }, retrying: false }] }],
      [200, { searchAttributes: { b: 2, a: 1 }, ...told, executionId: "e" }],
      [200, { searchAttributes: { b: 2, a: 2 }, ...told }],
    ]);
    const rows = await listAll(client);
    const [first, second] = [await askInstance(client, "s1"), await askInstance(client, "s1")];
    expect(rows).toEqual([{ ...row("s1"), says: first.says }]);
    expect(second.says).not.toBe(first.says);
    await close();
  });

  it("[C8.8] a shard that is missing, or an error of the API, is told of", async () => {
    const error = { errorCode: "ERR_X", message: "broken" };
    const { client, close } = await answering([
      [200, { workflows: [], missingShards: 1 }],
      [500, error],
      [404, {}],
      [500, error],
    ]);
    expect(await listAll(client)).toBe("the list misses 1 shards");
    expect(await listAll(client)).toBe(`the list answered 500: ${JSON.stringify(error)}`);
    expect(await askInstance(client, "s1")).toEqual({ status: "missing" });
    expect(await askInstance(client, "s1")).toEqual({ status: `answered with 500: ${JSON.stringify(error)}` });
    await close();
  });
});

describe("[C8] a campaign that somebody has tampered with", () => {
  const change = (file: string | undefined, ...statements: string[]) => {
    const db = new DatabaseSync(String(file));
    for (const statement of statements) db.exec(statement);
    db.close();
  };

  it("[C8.9] sees what is missing, too many, stale and owed, each for what it is", async () => {
    const directory = temporaryDirectory();
    let [lost, stale, owing] = ["", "", ""];
    const atRest = () => {
      const shards = filesIn(objectDirectory(directory, "WorkflowCatalog"));
      const filled = shards.filter((file) => query(file, "entry", "SELECT 1 FROM entry").length > 1);
      const [first, second] = query(String(filled[0]), "entry", "SELECT id FROM entry WHERE status >= 0");
      [lost, stale] = [String(first?.id), String(second?.id)];
      change(
        filled[0],
        `DELETE FROM entry WHERE id = '${lost}'`,
        `UPDATE entry SET status = 1 WHERE id = '${stale}'`,
        "INSERT INTO entry (created, id, seq, status, name, updated) VALUES (1, 'ghost', 1, 4, 1, 1)",
      );
      const ofInstance = "SELECT detail ->> '$.instanceId' AS id FROM instance WHERE seq = -1";
      const owingFile = filesIn(objectDirectory(directory, "WorkflowInstance")).find((file) => {
        owing = String(query(file, "instance", ofInstance)[0]?.id);
        return owing !== lost && owing !== stale;
      });
      const columns = "(created_at_ms INTEGER NOT NULL, shard TEXT NOT NULL, seq INTEGER NOT NULL)";
      change(owingFile, `CREATE TABLE telling ${columns}`, "INSERT INTO telling VALUES (1, '0-0', 1)");
    };
    const options = { directory, seed: 8, kills: 1, instances: 4, longestMs: 100, quietMs: 10_000, limitMs: 52_000 };
    const { catalog, violations, instances } = await runCampaign({ ...options, atRest });
    expect(violations).toEqual([
      { what: "lost", text: `${owing}: 1 rows are left in telling` },
      { what: "catalog", text: `${lost} was acknowledged and is not listed` },
      { what: "catalog", text: "1 tellings are owed to the catalog, and no alarm is set for them" },
      { what: "catalog", text: "ghost is listed as COMPLETED and is not there" },
    ]);
    // Whoever is asked announces itself: only the one that is not there stays listed.
    expect(catalog).toMatchObject({ compared: instances + 1, missing: 2, tooMany: 1, wrong: 0, unheard: 0, behind: 1 });
    rmSync(directory, { recursive: true });
  });
});
