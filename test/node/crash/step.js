// The activity of the crash Workers, which tells a recorder outside of workerd what it does.
import { env } from "cloudflare:workers";

/** A host that is told to writes another in its place: this is code that has changed. */
const EDITION = "first edition";
/** Names this life of the Worker: between two kills, an activity runs once. */
let life;
/** How long the recorder may be out of reach, as on a machine that has no time for it. */
const PATIENCE_MS = 60_000;
/** How long one connection is waited for. A gate may stay closed longer: a report that comes again waits at it as the first did. */
const ANSWER_MS = 10_000;

/** The way to the recorder is gone. The instance that fails by this says nothing about the engine: `harness.ts` knows it by this name. */
class RecorderUnreachable extends Error {
  name = "RecorderUnreachable";
}

export async function report(ctx, phase, label) {
  life ??= crypto.randomUUID();
  const told = {
    reportId: crypto.randomUUID(),
    phase,
    label,
    instanceId: ctx.getWorkflowInstanceId(),
    taskExecutionId: ctx.getTaskExecutionId(),
    attempt: ctx.getAttemptNumber(),
    edition: EDITION,
    life,
  };
  const untilMs = Date.now() + PATIENCE_MS;
  // Sent again under its ID, it counts once: what is lost on this way is nothing that an instance has done or not done.
  for (let again = 0; ; again++) {
    try {
      const body = JSON.stringify({ ...told, again });
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(env.RECORDER_URL, { method: "POST", body, signal });
      const text = await response.text();
      if (response.ok) return text;
      throw new Error(`The recorder answered ${response.status}`);
    } catch (error) {
      if (Date.now() >= untilMs) throw new RecorderUnreachable(String(error));
      await new Promise((resolve) => setTimeout(resolve, Math.min(25 * 2 ** again, 1_000)));
    }
  }
}

/** The answer to `started` comes when the recorder's gate for this label is open. */
export async function step(ctx, label) {
  if ((await report(ctx, "started", label)) === "fail") throw new Error("The recorder says so.");
  await report(ctx, "finished", label);
  return `${label} done`;
}
