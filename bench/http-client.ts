import { Agent, request } from "node:http";

export interface Answer {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 610_000;

/** node:http with kept connections: the client runs on the same two cores as the server, and `fetch` takes more of them. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #origin: URL;

  constructor(origin: URL) {
    this.#origin = origin;
  }

  send(method: "GET" | "POST", path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    const url = new URL(path, this.#origin);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(`${method} ${url}: ${error.message}`, { cause: error }));
      const sent = request(url.href, { method, headers, agent: this.#agent, timeout: TIMEOUT_MS }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ path, status: response.statusCode ?? 0, text }));
        response.on("error", fail);
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      sent.on("error", fail);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
