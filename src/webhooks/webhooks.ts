import { WEBHOOK_EVENTS, type WebhookEvent, type WebhookTarget } from "../model/webhook-event.ts";
import { hostOf, type WebhookOptions } from "./options.ts";
import { secretProblem, sign } from "./signature.ts";

/** One webhook, as it leaves. */
export interface Outgoing {
  readonly url: string;
  /** The same however often it is sent: receivers know by it what they have had. */
  readonly id: string;
  readonly body: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

/** The receivers that a Worker has been configured with. */
export class WebhookReceivers {
  readonly #all: readonly WebhookOptions[];
  readonly #env: object;

  constructor(all: readonly WebhookOptions[], env: object) {
    this.#all = all;
    this.#env = env;
  }

  /** Who wants to hear of this event of a workflow of that name. */
  targets(event: WebhookEvent, workflowName: string): WebhookTarget[] {
    const hears = ({ events = WEBHOOK_EVENTS, names }: WebhookOptions) =>
      events.includes(event) && (names === undefined || names.some((name) => isNamed(name, workflowName)));
    return this.#all.filter(hears).map(({ url, includeOutput = false }) => ({ url, includeOutput }));
  }

  hostOf(url: string): string {
    return hostOf(url);
  }

  /** The status of the answer; `undefined` when there is no such receiver any more. Rejects when none came, or nothing could be signed. */
  async send({ url, id, body, atMs, signal }: Outgoing): Promise<number | undefined> {
    const receiver = this.#all.find((one) => one.url === url);
    if (receiver === undefined) return undefined;
    const seconds = Math.floor(atMs / 1_000);
    const signature = await sign(this.#secretOf(receiver), id, seconds, body);
    const headers = {
      "content-type": "application/json",
      "user-agent": "edge-workflows",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": signature,
    };
    // Where a redirect leads nobody has looked.
    const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await answer.body?.cancel();
    return answer.status;
  }

  #secretOf({ secret, secretName }: WebhookOptions): string {
    const text: unknown = secret ?? Reflect.get(this.#env, secretName ?? "");
    const problem = secretProblem(text);
    if (problem !== undefined || typeof text !== "string")
      throw new WebhookSecretError(`The secret ${secretName ?? ""} of a webhook cannot be used: ${problem}.`);
    return text;
  }
}

/** The configuration lacks it, or it is none. Its message has no part of it. */
class WebhookSecretError extends Error {
  override readonly name = "WebhookSecretError";
}

function isNamed(name: string, workflowName: string): boolean {
  return name.endsWith("*") ? workflowName.startsWith(name.slice(0, -1)) : name === workflowName;
}

/** Of a Worker with these bindings; made once for them. `undefined`: it has none. */
export function webhookReceivers(all: readonly WebhookOptions[]): ((env: object) => WebhookReceivers) | undefined {
  if (all.length === 0) return undefined;
  let made: { readonly env: object; readonly receivers: WebhookReceivers } | undefined;
  return (env) => {
    if (made?.env !== env) made = { env, receivers: new WebhookReceivers(all, env) };
    return made.receivers;
  };
}
