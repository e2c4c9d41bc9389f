// [W40] Webhooks: how a Worker is configured with receivers, whom nothing is sent to, and signatures that others verify.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { isPrivateHost } from "../../../src/webhooks/addresses.ts";
import { readWebhooks, type WebhookOptions } from "../../../src/webhooks/options.ts";
import { sign } from "../../../src/webhooks/signature.ts";
import { WebhookReceivers, webhookReceivers } from "../../../src/webhooks/webhooks.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const url = "https://hooks.example.com/here?key=marked";

describe("[W40] The configuration of webhooks", () => {
  it.each<[string, object, string]>([
    ["no URL", { url: "here", secret: SECRET }, "webhooks[0]: url is no URL"],
    ["http", { url: "http://example.com", secret: SECRET }, "begins with https"],
    ["a password", { url: "https://a:b@example.com", secret: SECRET }, "holds a user or a password"],
    ["a private address", { url: "https://10.1.2.3/x", secret: SECRET }, "leads into a private network, to 10.1.2.3"],
    ["no secret", { url }, "either a secret or a secretName, found none"],
    ["two secrets", { url, secret: SECRET, secretName: "A" }, "found both"],
    ["a secret that is none", { url, secret: "marked" }, "it is whsec_ and 24 to 64 bytes in base64"],
    ["a short one", { url, secret: "whsec_bWFya2Vk" }, "it is whsec_ and 24 to 64 bytes in base64"],
    ["an event that is none", { url, secret: SECRET, events: ["workflow.started"] }, "events is a list of events"],
    ["an empty list", { url, secret: SECRET, events: [] }, "events is a list of events"],
    ["an option that is none", { url, secret: SECRET, event: [] }, "did you mean events?"],
  ])("[W40.1] %s is refused when the Worker is made, without a word of the secret or the path", (_, given, message) => {
    const read = () => readWebhooks([given as WebhookOptions]);
    expect(read).toThrow(message);
    expect(read).not.toThrow("marked");
  });

  it("[W40.2] two receivers at one URL are refused", () => {
    expect(() =>
      readWebhooks([
        { url, secret: SECRET },
        { url, secretName: "A" },
      ]),
    ).toThrow("hooks.example.com twice");
    const same = ["https://example.com", "https://EXAMPLE.com:443/"].map((one) => ({ url: one, secret: SECRET }));
    expect(() => readWebhooks(same)).toThrow("example.com twice");
  });

  it("[W40.3] a private network is served where that is wished, over http too", () => {
    const local = { url: "http://127.0.0.1:8080/", secret: SECRET, allowPrivate: true };
    expect(readWebhooks([local])).toEqual([local]);
  });

  it.each([
    ["http://localhost", true],
    ["http://LOCALHOST.", true],
    ["http://app.localhost", true],
    ["http://printer.local", true],
    ["http://metadata.google.internal", true],
    ["http://intranet", true],
    ["http://127.1", true],
    ["http://0x7f.0.0.1", true],
    ["http://2130706433", true],
    ["http://0177.0.0.1", true],
    ["http://0x7f000001", true],
    ["http://127.0.0.1.", true],
    ["http://１２７.０.０.１", true],
    ["http://127%2e0%2e0%2e1", true],
    ["http://127.0.0.1:8443", true],
    ["http://user@127.0.0.1", true],
    ["http://localhost.localdomain", true],
    ["http://kubernetes.default.svc", true],
    ["http://192.88.99.1", true],
    ["http://0.0.0.0", true],
    ["http://10.255.255.255", true],
    ["http://11.0.0.0", false],
    ["http://100.63.255.255", false],
    ["http://100.64.0.1", true],
    ["http://169.254.169.254", true],
    ["http://172.15.255.255", false],
    ["http://172.16.0.1", true],
    ["http://172.31.255.255", true],
    ["http://172.32.0.0", false],
    ["http://192.167.255.255", false],
    ["http://192.168.0.1", true],
    ["http://198.19.0.1", true],
    ["http://224.0.0.1", true],
    ["http://255.255.255.255", true],
    ["http://8.8.8.8", false],
    ["http://[::]", true],
    ["http://[::1]", true],
    ["http://[::ffff:10.0.0.1]", true],
    ["http://[::ffff:8.8.8.8]", false],
    ["http://[::127.0.0.1]", true],
    ["http://[0:0:0:0:0:ffff:7f00:1]", true],
    ["http://[64:ff9b::a00:1]", true],
    ["http://[64:ff9b::808:808]", false],
    ["http://[64:ff9b:1::808:808]", true],
    ["http://[2001:20::1]", true],
    ["http://[2001:200::1]", false],
    ["http://[3fff::1]", true],
    ["http://[5f00::1]", true],
    ["http://[2002:a00:1::]", true],
    ["http://[2002:808:808::1]", false],
    ["http://[fc00::1]", true],
    ["http://[fd12:3456::1]", true],
    ["http://[fe80::1]", true],
    ["http://[ff02::1]", true],
    ["http://[2001:db8::1]", true],
    ["http://[2001::1]", true],
    ["http://[2606:4700:4700::1111]", false],
    ["http://example.com", false],
    ["http://10.example.com", false],
    ["http://localhost.example.com", false],
  ])("[W40.4] %s is private: %s", (text, isPrivate) => {
    expect(isPrivateHost(new URL(text).hostname)).toBe(isPrivate);
  });

  it.each([["or*er"], ["*order"], ["order**"], [""]])(
    "[W40.6] the names %j, which no workflow has, are refused",
    (name) => {
      expect(() => readWebhooks([{ url, secret: SECRET, names: ["order*", "*", "bill", name] }])).toThrow(
        "createWorker: webhooks[0]: names is a list of names of workflows, or beginnings of names with a * behind them, found",
      );
      expect(readWebhooks([{ url, secret: SECRET, names: ["order*", "*", "bill"] }])).toHaveLength(1);
    },
  );

  it("[W40.5] without webhooks there is nothing to ask, and with them each receiver hears what it wants to", () => {
    expect(webhookReceivers([])).toBeUndefined();
    const all = readWebhooks([
      { url, secret: SECRET },
      { url: `${url}2`, secret: SECRET, events: ["workflow.failed"], names: ["order*", "bill"], includeOutput: true },
    ]);
    const receivers = webhookReceivers(all)?.({});
    const told = (event: "workflow.failed" | "workflow.completed", name: string) =>
      receivers?.targets(event, name).map((target) => [target.url === url, target.includeOutput]);
    expect(told("workflow.completed", "order")).toEqual([[true, false]]);
    expect(told("workflow.failed", "orders")).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(told("workflow.failed", "bills")).toEqual([[true, false]]);
    expect(told("workflow.failed", "bill")).toHaveLength(2);
  });
});

describe("[W41] Signatures, as Standard Webhooks 1.0 has them", () => {
  const body = '{"type":"workflow.completed","é":"😀"}';
  const signed = async (secrets: string, seconds: number) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(seconds),
    "webhook-signature": await sign(secrets, "msg_1", seconds, body),
  });

  it("[W41.1] the example of the standard's own library", async () => {
    const example = '{"test": 2432232314}';
    const signature = await sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, example);
    expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("[W41.2] the verifier of others takes them, with each of several secrets", async () => {
    const seconds = Math.floor(Date.now() / 1_000);
    const headers = await signed(`${SECRET} ${OTHER}`, seconds);
    expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
    expect(new Webhook(OTHER).verify(body, headers)).toEqual(JSON.parse(body));
    const old = await signed(SECRET, seconds);
    expect(() => new Webhook(OTHER).verify(body, old)).toThrow();
    expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
  });

  it("[W41.4] what leaves is signed with the secret of the options, too, and its receiver can verify it as it came", async () => {
    const received: { readonly headers: IncomingHttpHeaders; readonly text: string }[] = [];
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const piece of request.setEncoding("utf8")) text += piece;
      received.push({ headers: request.headers, text });
      response.writeHead(202).end("taken");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
      const receivers = new WebhookReceivers(readWebhooks([{ url: to, secret: SECRET, allowPrivate: true }]), {});
      const webhook = { url: to, id: "msg_1", body, atMs: Date.now(), signal: new AbortController().signal };
      expect(await receivers.send(webhook)).toBe(202);
      const [one] = received;
      expect(one?.headers).toMatchObject({ "webhook-id": "msg_1", "content-type": "application/json" });
      new Webhook(SECRET).verify(one?.text ?? "", one?.headers as Record<string, string>);
    } finally {
      server.close();
    }
  });

  it("[W41.3] a secret that the environment lacks is an error of each attempt, which does not quote it", async () => {
    const webhook = { url, id: "msg_1", body, atMs: 0, signal: new AbortController().signal };
    const receivers = (env: object) => new WebhookReceivers([{ url, secretName: "HOOK" }], env);
    await expect(receivers({}).send(webhook)).rejects.toThrow("The secret HOOK of a webhook cannot be used");
    await expect(receivers({ HOOK: "marked" }).send(webhook)).rejects.not.toThrow("marked");
    expect(await receivers({}).send({ ...webhook, url: "https://other.example.com" })).toBeUndefined();
  });
});
