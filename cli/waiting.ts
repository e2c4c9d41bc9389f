import type { Format } from "./command.ts";
import { EXIT, type ExitCode } from "./errors.ts";
import { Reconnecting } from "./reconnecting.ts";
import type { Server } from "./server.ts";
import { info, note, writeJson, writeJsonLine, writeYaml } from "./terminal/output.ts";
import { Progress } from "./terminal/progress.ts";
import { elapsedOf } from "./times.ts";

/*
 * Waiting until instances have ended.
 */

/** As `GET` of an instance has it. */
export interface WireInstance {
  readonly instanceID: string;
  readonly workflowName?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly runtimeStatus: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly failure?: { readonly errorType: string; readonly message: string };
}

const ENDED = ["COMPLETED", "FAILED", "CANCELED", "TERMINATED"];
/** One question to the server; more of them follow. */
const ASK_SECONDS = 30;
const LATE_MS = 30_000;

interface Waiting {
  /** For all of them together. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  readonly output: Format;
}

/** Tells of each when it has ended, in the order in which they were named. */
export async function waitFor(server: Server, ids: readonly string[], waiting: Waiting): Promise<ExitCode> {
  const deadlineMs = performance.now() + (waiting.timeoutMs ?? Number.POSITIVE_INFINITY);
  const progress = new Progress();
  let code: ExitCode = EXIT.done;
  try {
    for (const id of ids) {
      const state = await ended(server, id, deadlineMs, progress);
      progress.end();
      if (!ENDED.includes(state.runtimeStatus)) {
        note(`Timed out: '${id}' is ${state.runtimeStatus}`);
        return EXIT.timedOut;
      }
      await tell(state, waiting.output, ids.length);
      if (state.runtimeStatus !== "COMPLETED") code = EXIT.endedOtherwise;
    }
    return code;
  } finally {
    progress.end();
  }
}

async function ended(server: Server, id: string, deadlineMs: number, progress: Progress): Promise<WireInstance> {
  const beganMs = performance.now();
  const reconnecting = new Reconnecting();
  progress.show(`Waiting for '${id}'`);
  // The first question is answered at once: a server that is not there from the beginning is not waited for.
  let state = await ask(server, id, 0);
  for (;;) {
    if (ENDED.includes(state.runtimeStatus) || performance.now() >= deadlineMs) return state;
    try {
      state = await ask(server, id, Math.min(ASK_SECONDS, Math.max(0, (deadlineMs - performance.now()) / 1_000)));
      reconnecting.reached();
    } catch (error) {
      progress.end();
      await reconnecting.after(error, deadlineMs - performance.now());
    }
    progress.show(`Waiting for '${id}': ${state.runtimeStatus} since ${elapsedOf(performance.now() - beganMs)}`);
  }
}

function ask(server: Server, id: string, seconds: number): Promise<WireInstance> {
  const query = { waitFor: "completed", timeoutSeconds: seconds.toFixed(3) };
  return server.get<WireInstance>("workflows", [id], query, seconds * 1_000 + LATE_MS);
}

async function tell(state: WireInstance, output: Format, count: number): Promise<void> {
  switch (output) {
    case "json":
      return count === 1 ? writeJson(state) : writeJsonLine(state);
    case "jsonl":
      return writeJsonLine(state);
    case "yaml":
      return writeYaml(count === 1 ? state : [state]);
    default: {
      await info(`Workflow '${state.instanceID}' ended: ${state.runtimeStatus}`);
      const { failure, properties } = state;
      if (failure !== undefined) note(`${failure.errorType}: ${failure.message}`);
      const outcome = properties?.["dapr.workflow.output"];
      if (outcome !== undefined) await info(`Output: ${outcome}`);
    }
  }
}
