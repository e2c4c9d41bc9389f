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
const aPort: OptionRule = typeRule(
  "a port, such as 3500",
  (value) => typeof value === "string" || (Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536),
);

const someHeaders: OptionRule = secret(
  typeRule(
    "an object of texts, each by the name of its header",
    (value) =>
      typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string"),
  ),
);

const aSender: OptionRule = typeRule("a function or a service binding", (value) => {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && typeof (value as { fetch?: unknown }).fetch === "function";
});

const aConverter: OptionRule = typeRule("an object with two functions, encode(value) and decode(text)", (value) => {
  const { encode, decode } = Object(value) as { encode?: unknown; decode?: unknown };
  return typeof encode === "function" && typeof decode === "function";
});

/** All that Dapr's clients and runtime take; what has no meaning here is accepted and ignored. */
const connectionOptions = optionsOf<WorkflowClientOptions & DaprClientOptions>({
  daprHost: aString,
  daprPort: aPort,
  daprApiToken: secret(aString),
  logger: anything,
  grpcOptions: anything,
  communicationProtocol: anything,
  isKeepAlive: anything,
  actor: anything,
  maxBodySizeMb: anything,
  appId: aString,
  basePath: aString,
  headers: someHeaders,
  fetch: aSender,
  payloadConverter: aConverter,
});

/** `what` is the class that was given them. */
export function readConnection<T extends WorkflowClientOptions | DaprClientOptions>(
  given: Given<T> | null | undefined,
  what: string,
): Partial<T> {
  return readOptions<object>(connectionOptions, given, `new ${what}`);
}
