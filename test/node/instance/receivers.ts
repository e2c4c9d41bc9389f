// Receivers of webhooks, as an instance of a world sees them. What it sends leaves when what it has written is durable.
import type { OutgoingWebhook, WebhookPort } from "../../../src/instance/ports.ts";
import type { WebhookOptions } from "../../../src/webhooks/options.ts";
import { WebhookReceivers } from "../../../src/webhooks/webhooks.ts";
import type { Fate, Host } from "./host.ts";
import { never } from "./timeline.ts";

/** What a receiver does with a webhook: a status, or an error of the network; "silence": no answer ever comes. */
export type Receipt = number | Error | "silence";

export interface Received extends OutgoingWebhook {
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it looks for
  readonly json: any;
}

export class Receivers {
  readonly received: Received[] = [];
  answer: (webhook: Received) => Receipt | Promise<Receipt> = () => 204;
  readonly #configured: WebhookReceivers;

  constructor(...webhooks: readonly WebhookOptions[]) {
    this.#configured = new WebhookReceivers(webhooks, {});
  }

  portOf(host: Host, fate: Fate): WebhookPort {
    return {
      targets: (event, name) => this.#configured.targets(event, name),
      hostOf: (url) => this.#configured.hostOf(url),
      send: async (webhook) => {
        if (fate.dead) return never();
        await new Promise<void>((resolve) => void host.gated.push(resolve));
        if (fate.dead) return never();
        const received = { ...webhook, json: JSON.parse(webhook.body) };
        this.received.push(received);
        const receipt = await this.answer(received);
        if (typeof receipt === "number") return receipt;
        if (receipt instanceof Error) throw receipt;
        return new Promise((_, reject) =>
          webhook.signal.addEventListener("abort", () => reject(webhook.signal.reason)),
        );
      },
    };
  }
}

export const HOOK = "https://hooks.example.com/here";
export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
