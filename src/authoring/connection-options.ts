import type { PayloadConverter } from "../engine/payload.ts";
import {
  anything,
  aString,
  type Given,
  type OptionRule,
  optionsOf,
  readOptions,
  secret,
  typeRule,
} from "../model/options.ts";
import type { CommunicationProtocolEnum } from "./dapr/enums.ts";

/** Options that programs written for Dapr pass. Connections have no meaning here: they are accepted and ignored. */
export interface WorkflowClientOptions {
  daprHost: string;
  daprPort: string;
  daprApiToken?: string | undefined;
  logger?: unknown;
  grpcOptions?: unknown;
  /** Clients only: the app that the server must be, its own `appId`: another one refuses each request. */
  appId?: string | undefined;
  /** Clients only: the workflow component, a part of each request's path. Ours serves any; Dapr's own has its name. Default "dapr". */
  component?: string | undefined;
  /** Clients only: the path that the server's Worker is mounted under, its own `basePath`. */
  basePath?: string | undefined;
  /** Clients only: sent with each request, for instance the service token of a proxy before the server. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Clients only: sends the requests in place of the global `fetch`: a service binding (`env.WF`), or a function. */
  fetch?: ((request: Request) => Promise<Response>) | { fetch: (request: Request) => Promise<Response> } | undefined;
  /** Writes and reads payloads that JSON cannot hold. Give the runtime and its clients the same one. */
  payloadConverter?: PayloadConverter | null | undefined;
}

/** `daprHost`, `daprPort` and `daprApiToken` say where the workflows are; the rest has no meaning here and is ignored. */
export interface DaprClientOptions {
  daprHost: string;
  daprPort: string;
  communicationProtocol: CommunicationProtocolEnum;
  isKeepAlive?: boolean | undefined;
  logger?: unknown;
  actor?: unknown;
  daprApiToken?: string | undefined;
  maxBodySizeMb?: number | undefined;
}

/** Programs read it from the environment, as a text, or write it as a number. */
const aPort: OptionRule = typeRule("a port, such as 3500", (value) => {
  if (value === "") return true;
  const port = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
});

const someHeaders: OptionRule = secret(
  typeRule("an object of texts, each by the name of its header", (value) => {
    if (typeof value !== "object" || value === null) return false;
    // A Headers, a Map and the like have no members of their own: nothing would be sent.
    if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return false;
    return Object.values(value).every((text) => typeof text === "string");
  }),
);

const aSender: OptionRule = typeRule("a function or a service binding", (value) => {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && typeof (value as { fetch?: unknown }).fetch === "function";
});

const aConverter: OptionRule = typeRule("an object with two functions, encode(value) and decode(text)", (value) => {
  const { encode, decode } = Object(value) as { encode?: unknown; decode?: unknown };
  return typeof encode === "function" && typeof decode === "function";
});

/** What Dapr's clients and runtime take; what has no meaning here is accepted and ignored. */
const daprRules = {
  daprHost: aString,
  daprPort: aPort,
  daprApiToken: secret(aString),
  logger: anything,
  grpcOptions: anything,
  communicationProtocol: anything,
  isKeepAlive: anything,
  actor: anything,
  maxBodySizeMb: anything,
};
const daprOptions = optionsOf<DaprClientOptions & Pick<WorkflowClientOptions, "grpcOptions">>(daprRules);
const connectionOptions = optionsOf<WorkflowClientOptions & DaprClientOptions>({
  ...daprRules,
  appId: aString,
  component: aString,
  basePath: aString,
  headers: someHeaders,
  fetch: aSender,
  payloadConverter: aConverter,
});

/** `what` is the class that was given them. */
export function readConnection<T extends WorkflowClientOptions | DaprClientOptions>(
  given: Given<T> | null | undefined,
  what: "WorkflowRuntime" | "DaprWorkflowClient" | "DaprClient",
): Partial<T> {
  const known = what === "DaprClient" ? daprOptions : connectionOptions;
  const read = readOptions<object>(known, given, `new ${what}`) as Partial<T>;
  const { daprApiToken, headers = {} } = read as Partial<WorkflowClientOptions>;
  checkHeader(`new ${what}: daprApiToken`, "x", daprApiToken ?? "");
  for (const [name, text] of Object.entries(headers)) checkHeader(`new ${what}: headers.${name}`, name, text);
  return read;
}

/** What `fetch` itself says of a header shows its text, which may be a secret, and that of each request. */
function checkHeader(path: string, name: string, text: string): void {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    throw new TypeError(`${path} is no name of a header: letters, digits and - make one`);
  const at = text.trim().search(/[^\t\x20-\x7e]/);
  if (at >= 0)
    throw new TypeError(
      `${path} is a text in one line of ASCII, which is what a header holds, found another character at ${at}`,
    );
}
