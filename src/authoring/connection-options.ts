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
import type { DaprClientOptions } from "./dapr/dapr-client.ts";
import type { WorkflowClientOptions } from "./workflow-runtime.ts";

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
