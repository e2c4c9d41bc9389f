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
  /** When it came, by this process's clock. */
  readonly atMs: number;
  /** How many crashes there had been. */
  readonly epoch: number;
}

export class Recorder {
  readonly reports: Report[] = [];
  epoch = 0;
  /** How long an answer takes, which tells apart the moments at which a crash may fall. */
  latencyMs: () => number = () => 0;
  readonly #closed = new Set<string>();
  #waiting: { label: string; response: ServerResponse }[] = [];
  #onReport: (() => void)[] = [];
  readonly #seen = new Set<string>();
  readonly #onSeen = new Map<string, (() => void)[]>();
  readonly #server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => this.#take(JSON.parse(body), response));
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

  of(instanceId: string): Report[] {
    return this.reports.filter((report) => report.instanceId === instanceId);
  }

  /** Resolves as soon as the reports are as wished, and rejects after 20 s. */
  async until(what: string, isSo: (reports: readonly Report[]) => boolean): Promise<void> {
    const deadlineMs = Date.now() + 20_000;
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

  async close(): Promise<void> {
    for (const { response } of this.#waiting) response.end();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #take(report: Omit<Report, "atMs" | "epoch">, response: ServerResponse): void {
    this.reports.push({ ...report, atMs: Date.now(), epoch: this.epoch });
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
