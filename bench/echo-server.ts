import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const DELAY_MS = 1;

export interface EchoServer {
  readonly url: string;
  close(): void;
}

/** What an activity that waits for I/O asks, and who gets traces and webhooks: answers one character after 1 ms. In this process, which is idle meanwhile. */
export function startEchoServer(): Promise<EchoServer> {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end("x"), DELAY_MS);
  });
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ url: `http://127.0.0.1:${port}/`, close });
    });
  });
}
