// [W24] Tokens with roles, through the Worker's own fetch, instances, catalog and jobs as they are in workerd.
import { describe, expect, it, vi } from "vitest";
import { makeToken, type NewToken } from "../../src/http/tokens.ts";
import { env, newId, W } from "./support.ts";
import worker from "./worker.ts";

const JOBS = "/v1.0/workflow-jobs/dapr";

/** Who has a token: a request of theirs. */
function holder(asked: NewToken) {
  const { token, line } = makeToken(asked);
  return { line, headers: { "dapr-api-token": token } };
}
const ofAll = holder({ name: "ops", role: "admin" });
const mine = newId("acme");
const acme = holder({ name: "acme", role: "operator", prefix: `${mine}-` });
const reader = holder({ name: "reader", role: "viewer" });
const late = holder({ name: "late", role: "admin", expiry: "2020-01-01" });
const bindings = {
  ...env,
  WORKFLOW_INSTANCE: env.WORKFLOW_INSTANCE,
  DAPR_API_TOKENS: [ofAll.line, acme.line].join("\n"),
  DAPR_API_TOKENS_2: `${reader.line}\n${late.line}\nci:admin:never:*:${"0".repeat(64)}`,
};

async function ask({ headers }: { headers: Record<string, string> }, target: string, body?: string) {
  const [method = "", path = ""] = target.split(/ (.*)/s);
  const request = new Request(`https://workflows.example.com${path}`, { method, headers, ...(body && { body }) });
  const response = await worker.fetch(request, bindings);
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

async function started(who: typeof ofAll, id: string): Promise<string> {
  const answer = await ask(who, `POST ${W}/awaitEvent/start?instanceID=${id}`, '"go"');
  expect(answer).toEqual({ status: 202, body: { instanceID: id } });
  return id;
}

async function actorsOf(id: string): Promise<unknown[]> {
  const { body } = await ask(ofAll, `GET ${W}/${id}/history`);
  const { events } = body as { events: { type: string; actor?: string }[] };
  return events.flatMap(({ type, actor }) => (actor === undefined ? [] : [[type, actor]]));
}

describe("[W24] A deployment with tokens that have roles", () => {
  it("[W24.1] lets each do what its role has, and nobody else anything; the log says what is wrong, once", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      const id = await started(ofAll, newId("roles"));
      expect((await ask(reader, `GET ${W}/${id}`)).status).toBe(200);
      expect(await ask(reader, `POST ${W}/${id}/purge?force=true`)).toEqual({
        status: 403,
        body: {
          errorCode: "ERR_FORBIDDEN",
          message: "the token 'reader' has the role viewer, and this needs the role admin",
        },
      });
      for (const headers of [{}, late.headers, { "dapr-api-token": "0".repeat(64) }])
        expect(await ask({ headers: headers as Record<string, string> }, `GET ${W}/${id}`)).toEqual({
          status: 401,
          body: "invalid api token",
        });
      expect((await ask(ofAll, `POST ${W}/${id}/purge?force=true`)).status).toBe(202);
      const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
      expect(lines.filter(({ msg }) => msg === "token").map(({ text }) => text)).toEqual([
        expect.stringMatching(/^DAPR_API_TOKENS_2, line 3: the expiry is /),
        expect.stringMatching(/^a token 'late' has expired/),
      ]);
      expect(lines).toContainEqual(expect.objectContaining({ msg: "request", status: 403, actor: "reader" }));
    } finally {
      log.mockRestore();
    }
  });

  it("[W24.2] the history has who has asked, and so has ?detail=full", async () => {
    const id = await started(acme, `${mine}-history`);
    expect((await ask(acme, `POST ${W}/${id}/pause`)).status).toBe(202);
    expect((await ask(ofAll, `POST ${W}/${id}/resume?reason=why`)).status).toBe(202);
    expect((await ask(acme, `POST ${W}/${id}/raiseEvent/go`, "1")).status).toBe(202);
    expect((await ask(reader, `GET ${W}/${id}?waitFor=completed`)).body).toMatchObject({ runtimeStatus: "COMPLETED" });
    expect(await actorsOf(id)).toEqual([
      ["ExecutionStarted", "acme"],
      ["ExecutionSuspended", "acme"],
      ["ExecutionResumed", "ops"],
      ["EventRaised", "acme"],
    ]);
    expect((await ask(reader, `GET ${W}/${id}?detail=full`)).body).toMatchObject({ actor: "acme" });
  });

  it("[W24.3] a token with a prefix sees and reaches its own instances alone, in lists and jobs too", async () => {
    const own = await started(acme, `${mine}-1`);
    const other = await started(ofAll, newId("other"));
    expect(await ask(acme, `GET ${W}/${other}`)).toMatchObject({
      status: 404,
      body: { errorCode: "ERR_INSTANCE_ID_NOT_FOUND" },
    });
    expect((await ask(acme, `POST ${W}/${other}/terminate`)).status).toBe(404);
    expect((await ask(acme, `POST ${W}/awaitEvent/start?instanceID=${newId("other")}`)).status).toBe(403);
    const made = await ask(acme, `POST ${W}/awaitEvent/start`, '"go"');
    expect(made.body.instanceID).toMatch(new RegExp(`^${mine}-[\\da-f-]{36}$`));
    const list = async (who: typeof ofAll) =>
      (await ask(who, `GET ${W}?status=RUNNING`)).body.workflows.map((one: { instanceID: string }) => one.instanceID);
    await expect.poll(() => list(ofAll)).toEqual(expect.arrayContaining([own, other, made.body.instanceID]));
    expect((await list(acme)).every((id: string) => id.startsWith(`${mine}-`))).toBe(true);
    expect(await list(acme)).toEqual(expect.arrayContaining([own, made.body.instanceID]));

    const body = JSON.stringify({ operation: "terminate", filter: { status: "RUNNING" }, reason: "closing" });
    const { status, body: job } = await ask(acme, `POST ${JOBS}`, body);
    expect(status).toBe(202);
    const jobOf = (who: typeof ofAll) => ask(who, `GET ${JOBS}/${job.jobID}`);
    await expect.poll(async () => (await jobOf(acme)).body.state, { timeout: 25_000 }).toBe("COMPLETED");
    expect((await jobOf(acme)).body).toMatchObject({ actor: "acme", done: 2, filter: { idPrefix: `${mine}-` } });
    const stateOf = async (id: string) => (await ask(ofAll, `GET ${W}/${id}`)).body.runtimeStatus;
    expect([await stateOf(own), await stateOf(other)]).toEqual(["TERMINATED", "RUNNING"]);
    expect(await actorsOf(own)).toContainEqual(["ExecutionTerminated", "acme"]);

    const ofOps = await ask(ofAll, `POST ${JOBS}`, JSON.stringify({ operation: "cancel", instanceIDs: [own] }));
    expect((await ask(acme, `GET ${JOBS}/${ofOps.body.jobID}`)).status).toBe(404);
    expect((await ask(acme, `POST ${JOBS}/${ofOps.body.jobID}/cancel`)).status).toBe(404);
    const jobs = async (who: typeof ofAll) =>
      (await ask(who, `GET ${JOBS}`)).body.jobs.map((one: { jobID: string }) => one.jobID);
    await expect.poll(() => jobs(ofAll)).toEqual(expect.arrayContaining([job.jobID, ofOps.body.jobID]));
    expect(await jobs(acme)).toEqual([job.jobID]);
  });
});
