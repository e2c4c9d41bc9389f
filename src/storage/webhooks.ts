import type { InstanceTables } from "./instance-tables.ts";
import type { TextCodec } from "./vault.ts";
import {
  deleteWebhook,
  type OwedWebhook,
  putOffWebhook,
  readWebhookBody,
  readWebhooks,
  type WebhookKey,
} from "./webhook-table.ts";

/** What receivers of webhooks have not taken yet: a part of InstanceStore. The commit of a turn adds to it. */
export class Webhooks {
  readonly #tables: InstanceTables;
  readonly #codec: TextCodec;

  constructor(tables: InstanceTables, codec: TextCodec) {
    this.#tables = tables;
    this.#codec = codec;
  }

  all(): OwedWebhook[] {
    const { webhooks } = this.#tables;
    return webhooks === undefined ? [] : readWebhooks(webhooks);
  }

  /** `undefined`: there is none any more. Throws UnreadableError. */
  body(key: WebhookKey): string | undefined {
    const { webhooks } = this.#tables;
    return webhooks && readWebhookBody(webhooks, this.#codec, key);
  }

  putOff(webhook: OwedWebhook): void {
    const { webhooks } = this.#tables;
    if (webhooks !== undefined) putOffWebhook(webhooks, webhook);
  }

  settled(key: WebhookKey): void {
    const { webhooks } = this.#tables;
    if (webhooks !== undefined) deleteWebhook(webhooks, key);
  }
}
