// What the activities did, seen from outside: it outlives every crash of workerd.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Report {
  readonly phase: "started" | "finished";
  readonly label: string;
  readonly instanceId: string;
  readonly taskExecutionId: string;
  readonly attempt: number;
  /** Which code it was that did this. */
  readonly edition: string;
  /** The life of the Worker that did this: each restart and each change of the code begins another. */
  readonly life: string;
  /** When it came, by this process's clock. */
  readonly atMs: number;
  /** How many crashes there had been. */
  readonly epoch: number;
}

/** How an activity tells it. The same `reportId` is the same report, sent `again` so many times. */
export interface Sent extends Omit<Report, "atMs" | "epoch"> {
  readonly reportId: string;
  readonly again: number;
}

/** What a receiver has heard of an instance's end. */
export interface Heard {
  readonly id: string;
  readonly instanceId: string;
  readonly status: string;
}

export class Recorder {
  readonly reports: Report[] = [];
  epoch = 0;
  /** How long an answer takes, which tells apart the moments at which a crash may fall. */
  latencyMs: () => number = () => 0;
  readonly #failing = new Set<string>();
  readonly #everFailing = new Set<string>();
  /** How often a report came again because its connection, or its answer, was lost on the way. */
  repeats = 0;
  readonly #known = new Set<string>();
  readonly #closed = new Set<string>();
  #waiting: { label: string; response: Pick<ServerResponse, "end"> }[] = [];
  #onReport: (() => void)[] = [];
  readonly #webhooks: Heard[] = [];
  readonly #onWebhook = new Map<string, () => void>();
  readonly #seen = new Set<string>();
  readonly #onSeen = new Map<string, (() => void)[]>();
  readonly #server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    // One that was cut off comes again.
    request.on("end", () => {
      if (!request.complete) return;
      if (request.url !== "/webhook") return this.take(JSON.parse(body), response);
      this.hear(String(request.headers["webhook-id"]), JSON.parse(body));
      setTimeout(() => response.end(), this.latencyMs());
    });
  });

  /** Labels of which no activity gets beyond `started` until `open`. */
  static async listen(closed: readonly string[]): Promise<Recorder> {
    const recorder = new Recorder();
    for (const label of closed) recorder.#closed.add(label);
    await new Promise<void>((resolve) => recorder.#server.listen(0, "127.0.0.1", resolve));
    return recorder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  open(label: string): void {
    this.#closed.delete(label);
    for (const { response } of this.#waiting.filter((waiting) => waiting.label === label)) response.end("go");
    this.#waiting = this.#waiting.filter((waiting) => waiting.label !== label);
  }

  /** From here on it fails as soon as it has started, until `mend`. Such a run has no side effect, and is not among the reports. */
  fail(instanceId: string, label: string): void {
    this.#failing.add(`${instanceId} ${label}`);
    this.#everFailing.add(`${instanceId} ${label}`);
  }

  mend(instanceId: string, label: string): void {
    this.#failing.delete(`${instanceId} ${label}`);
  }

  hasFailed(instanceId: string, label: string): boolean {
    return this.#everFailing.has(`${instanceId} ${label}`);
  }

  of(instanceId: string): Report[] {
    return this.reports.filter((report) => report.instanceId === instanceId);
  }

  /** Resolves as soon as the reports are as wished, and rejects after 45 s. */
  async until(what: string, isSo: (reports: readonly Report[]) => boolean): Promise<void> {
    const deadlineMs = Date.now() + 45_000;
    while (!isSo(this.reports)) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0)
        throw new Error(`The recorder has not seen: ${what}. It has seen ${JSON.stringify(this.reports)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#onReport.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Resolves when this has been reported, now or before. */
  seen(instanceId: string, phase: Report["phase"], label: string): Promise<void> {
    const key = `${instanceId} ${phase} ${label}`;
    if (this.#seen.has(key)) return Promise.resolve();
    return new Promise((resolve) => this.#onSeen.set(key, [...(this.#onSeen.get(key) ?? []), resolve]));
  }

  /** How many ends were told, and how often one of them again. */
  get told(): { readonly ends: number; readonly again: number } {
    const ends = new Set(this.#webhooks.map(({ id }) => id)).size;
    return { ends, again: this.#webhooks.length - ends };
  }

  webhooksOf(instanceId: string): Heard[] {
    return this.#webhooks.filter((heard) => heard.instanceId === instanceId);
  }

  /** Resolves when a webhook has told of its end, now or before. */
  async heard(instanceId: string): Promise<void> {
    if (this.webhooksOf(instanceId).length > 0) return;
    await new Promise<void>((resolve) => this.#onWebhook.set(instanceId, resolve));
  }

  /** @internal */
  hear(id: string, { data }: { readonly data: { readonly instanceID: string; readonly runtimeStatus: string } }): void {
    this.#webhooks.push({ id, instanceId: data.instanceID, status: data.runtimeStatus });
    this.#onWebhook.get(data.instanceID)?.();
  }

  async close(): Promise<void> {
    for (const { response } of this.#waiting) response.end();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** @internal One that came before is answered as the first was, and counts once. */
  take({ reportId, again, ...report }: Sent, response: Pick<ServerResponse, "end">): void {
    if (again > 0) this.repeats++;
    if (this.#failing.has(`${report.instanceId} ${report.label}`)) return void response.end("fail");
    const isNew = !this.#known.has(reportId);
    this.#known.add(reportId);
    if (isNew) this.reports.push({ ...report, atMs: Date.now(), epoch: this.epoch });
    if (report.phase === "started" && this.#closed.has(report.label))
      this.#waiting.push({ label: report.label, response });
    else setTimeout(() => response.end("go"), this.latencyMs());
    const key = `${report.instanceId} ${report.phase} ${report.label}`;
    this.#seen.add(key);
    for (const resolve of this.#onSeen.get(key) ?? []) resolve();
    this.#onSeen.delete(key);
    const listeners = this.#onReport;
    this.#onReport = [];
    for (const listener of listeners) listener();
  }
}
