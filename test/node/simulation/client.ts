// Those who call from outside: each does one thing after the other, and repeats what was not answered under the same name.
import type { Instance } from "../../../src/instance/instance.ts";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import { BULK_JOB } from "../../../src/jobs/bulk-job.ts";
import { type JobInput, NOTHING_DONE } from "../../../src/jobs/job.ts";
import { isTerminal } from "../../../src/model/status.ts";
import type { World } from "../instance/world.ts";
import { targetsOf } from "./bulk.ts";
import type { Chance } from "./chance.ts";
import type { Operation, Program, Raised, Root } from "./plan.ts";
import { stateOf } from "./program.ts";

/** A caller gives up what is refused for so long: there is no such instance, and will be none. */
const MAX_ATTEMPTS = 300;

/** What became of an operation: the code of its last answer, "OK", or "GIVEN UP". */
export type Answered = (operation: Operation | "start", to: string, outcome: string, messageId: string) => void;

export class Client {
  /** Called when something is about to be asked for. */
  onSend: (operation: Operation) => void = () => undefined;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #answered: Answered;
  #requests = 0;

  constructor(world: World, chance: Chance, answered: Answered) {
    this.#world = world;
    this.#chance = chance;
    this.#answered = answered;
  }

  /** Starts the instance, then each of its senders. Ends when all of them have been answered. */
  async run({
    id,
    program,
    delayMs,
    operations,
    event,
    attributes: searchAttributes,
    retentionMs,
  }: Root): Promise<void> {
    const startAtMs = delayMs > 0 ? this.#world.nowMs + delayMs : undefined;
    const requestId = `start of ${id}`;
    const request = { ...startOf(id, requestId, program, event), startAtMs, searchAttributes, retentionMs };
    await this.#ask("start", id, request.requestId, async (instance) => codeOf(await instance.start(request)));
    const senders = new Set(operations.map(({ sender }) => sender));
    await Promise.all([...senders].map((sender) => this.#send(operations.filter((o) => o.sender === sender))));
  }

  async #send(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      await this.#world.sleep(operation.afterMs);
      const messageId = `message-${++this.#requests}`;
      this.onSend(operation);
      // Whoever rewinds what has failed again asks for another rewind.
      const next = () => (operation.type === "rewind" ? `message-${++this.#requests}` : messageId);
      const beganAtMs = this.#world.nowMs;
      await this.#ask(operation, operation.to, messageId, (instance) =>
        perform(instance, operation, next(), beganAtMs),
      );
    }
  }

  async #ask(
    operation: Operation | "start",
    to: string,
    messageId: string,
    call: (instance: Instance) => Promise<string>,
  ): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.#try(to, call, mayNotRepeat(operation));
      if (outcome !== undefined && !isToRepeat(outcome, operation))
        return this.#answered(operation, to, outcome, messageId);
      await this.#world.sleep(this.#chance.pauseMs() + Math.min(attempt * 200, 60_000));
    }
    this.#answered(operation, to, "GIVEN UP", messageId);
  }

  /** `undefined`: no answer came. Not repeated: a suspend, whose second copy may come after the resume, and a start, after a purge. */
  async #try(
    to: string,
    call: (instance: Instance) => Promise<string>,
    mayNotRepeat: boolean,
  ): Promise<string | undefined> {
    const fault = this.#chance.callFault();
    if (fault === "unreachable") return undefined;
    if ((fault === "twice" || fault === "twice, late") && !mayNotRepeat) {
      const laterMs = fault === "twice" ? 0 : (this.#world.chaos?.latencyMs() ?? 0);
      void this.#world.sleep(laterMs).then(() => this.#world.post(to, call).catch(() => undefined));
    }
    try {
      const outcome = await this.#world.post(to, call);
      return fault === "answer lost" ? undefined : outcome;
    } catch {
      return undefined;
    }
  }
}

/** Its second copy would be another request, once what it was refused for has ended. */
function mayNotRepeat(operation: Operation | "start"): boolean {
  if (operation === "start" || operation.type === "suspend") return true;
  return operation.type === "start" && operation.expect === "ALREADY_ACTIVE";
}

/** What a caller who means it tries again: the instance may come to be, or to its end, other code may come, an update may end. */
function isToRepeat(outcome: string, operation: Operation | "start"): boolean {
  if (operation === "start") return false;
  if (operation.type === "rerun") return outcome !== "OK" && outcome !== "ALREADY_EXISTS";
  if (operation.type === "restart" || (operation.type === "start" && operation.reuse === "terminate"))
    return outcome !== "OK";
  return (
    ["STALLED", "PENDING", "BUSY", "NOT_ENDED", "PARENT_UNREACHABLE"].includes(outcome) ||
    (outcome === "NOT_FOUND" && operation.to.includes("child") && operation.type !== "purge")
  );
}

async function perform(
  instance: Instance,
  operation: Operation,
  messageId: string,
  beganAtMs: number,
): Promise<string> {
  switch (operation.type) {
    case "raise": {
      const { name, value } = operation;
      return codeOf(await instance.raiseEvent({ name, input: JSON.stringify(value), messageId }));
    }
    case "update": {
      const { updateId } = operation;
      return codeOf(await instance.update({ updateId, name: "note", input: JSON.stringify(updateId), timeoutMs: 100 }));
    }
    case "suspend":
      return codeOf(await instance.suspend({ reason: "as planned" }));
    case "resume":
      return codeOf(await instance.resume({}));
    case "terminate":
      return codeOf(await instance.terminate({ output: '"terminated"', recursive: true }));
    case "cancel":
      return codeOf(await instance.cancel({ reason: "as planned" }));
    case "purge":
      return codeOf(await instance.purge({ recursive: true }));
    case "purge by force":
      return codeOf(await instance.purge({ recursive: true, force: true }));
    case "rewind": {
      const found = await instance.describe({ payloads: false });
      if (found?.status === "COMPLETED") return "OK";
      if (found?.status === "FAILED") await instance.rewind({ requestId: messageId, reason: "as planned" });
      // What has been rewound may fail again: somebody looks after it, and asks for another one then.
      return "PENDING";
    }
    case "version":
      return codeOf(await instance.changeVersion({ requestId: messageId, version: operation.version }));
    case "restart":
      return codeOf(await instance.restart({ requestId: messageId, reason: "as planned" }));
    case "rerun": {
      const { source: sourceInstanceId, eventId } = operation;
      return codeOf(await instance.rerun({ requestId: messageId, sourceInstanceId, eventId }));
    }
    case "start": {
      const { to, program, event, reuse, attributes: searchAttributes, retentionMs } = operation;
      return codeOf(
        await instance.start({ ...startOf(to, messageId, program, event), reuse, searchAttributes, retentionMs }),
      );
    }
    case "bulk":
      return codeOf(await instance.start({ ...jobOf(operation, beganAtMs), requestId: messageId }));
    case "await end": {
      const found = await instance.describe({ payloads: false });
      return found !== undefined && isTerminal(found.status) ? "OK" : "PENDING";
    }
    case "describe":
      return (await instance.describe({ payloads: true }))?.status ?? "NOT_FOUND";
  }
}

function startOf(instanceId: string, requestId: string, program: Program, event: Raised | undefined): StartRequest {
  const raised = event && { name: event.name, input: JSON.stringify(event.value), messageId: requestId };
  return { instanceId, name: "program", input: JSON.stringify(stateOf(program)), requestId, event: raised };
}

/** As the HTTP face begins it. */
function jobOf({ to, call, targets, rps }: Operation & { type: "bulk" }, beganAtMs: number) {
  const wanted = "filter" in targets ? targets : { instanceIds: targetsOf(targets) };
  const matched = "filter" in targets ? 0 : targetsOf(targets).length;
  const input: JobInput = {
    call: { ...call, reason: to },
    targets: wanted,
    matched,
    rps,
    beganAtMs,
    progress: NOTHING_DONE,
  };
  return { instanceId: to, name: BULK_JOB, input: JSON.stringify(input), reason: to };
}

function codeOf(result: { readonly ok: true } | { readonly ok: false; readonly code: string }): string {
  return result.ok ? "OK" : result.code;
}
