import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import * as v from "valibot";
import { familyOf, type Parameter } from "../parameters.ts";
import { ROLES } from "../role.ts";
import { ROUTES, type Route } from "../routes.ts";
import { VERSION } from "../version.ts";
import { whatItMayBe } from "./by-hand.ts";
import { COMMON, ERRORS, type ErrorCode, type ErrorDoc, TEXTS } from "./errors.ts";
import { type AnswerDoc, OPERATION_DOCS, type OperationDoc, PARAMETERS, SEGMENTS, TAGS } from "./operations.ts";
import { ANYTHING, SCHEMAS } from "./schemas.ts";

/*
 * The OpenAPI 3.1 document, from the table of routes and what stands beside this file. It is made when the package is built, and served as a file:
 * no Worker runs this.
 */

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const ABOUT = `Start, ask and change workflow instances. Routes, texts and statuses are those of Dapr's Workflow API; what goes beyond Dapr says so.

An unknown parameter of the query is ignored where Dapr ignores it, and the header \`warning\` of the answer tells its name; an operation that refuses it says so. Every answer but that of a health probe has
a \`traceparent\` (W3C); \`tracestate\` and \`baggage\` come back as they were sent. A path or method that is not here is 404 \`ERR_DIRECT_INVOKE\`.

On localhost, while no token is set, none is needed.

A token has a role: ${ROLES.join(", ")}; each may do what those before it may, and \`x-required-role\` says the least that an operation needs. With another it is 403 \`ERR_FORBIDDEN\`. A token may have a prefix: to it only those instances are there whose IDs begin with that.`;

/** `routes` are those of the Worker, but for tests. */
export function openApiDocument(routes: readonly Route[] = ROUTES): JsonObject {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "edge-workflows",
      version: VERSION,
      summary: "The Dapr Workflow API on Cloudflare Workers",
      description: ABOUT,
      license: { name: "Apache License 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ daprApiToken: [] }, { bearer: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: plain(toJsonSchemaDefs(SCHEMAS, CONVERSION)),
      securitySchemes: {
        daprApiToken: { type: "apiKey", in: "header", name: "dapr-api-token" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function operationOf({
  operation,
  operationId,
  path,
  role,
  keepsToPrefix,
  parameters,
  refusesUnknown,
}: Route): JsonObject {
  const doc = (OPERATION_DOCS as Readonly<Record<string, OperationDoc | undefined>>)[operation];
  if (doc === undefined) throw new Error(`src/http/openapi/operations.ts has no ${operation}`);
  const names: Readonly<Record<string, string | undefined>> = { ...SEGMENTS, ...PARAMETERS, ...doc.names };
  const describe = (name: string): { description: string } => {
    const description = names[name];
    if (description === undefined) throw new Error(`src/http/openapi/operations/names.ts does not describe ${name}`);
    return { description };
  };
  const isOfToday = !/^\/v1\.0-/.test(path);
  const segments = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const inPath = segments.map((name) => ({
    name,
    in: "path",
    required: true,
    ...describe(name),
    schema: { type: "string", minLength: 1 },
  }));
  const inQuery = Object.entries(parameters).map(([name, schema]) => ({
    name,
    in: "query",
    ...describe(name),
    ...parameterSchema(name, whatItMayBe(name, schema)),
  }));
  const isProbe = doc.checks === "probe";
  const isRestricted = !isProbe && keepsToPrefix !== true;
  // Viewers may ask for all else that reads.
  const mayBeForbidden = isRestricted || (!isProbe && role !== "viewer");
  const description = [
    doc.description,
    refusesUnknown && "An unknown parameter is refused.",
    !isProbe && `Needs the role ${role}${doc.needsMore === undefined ? "" : `; ${doc.needsMore}`}.`,
    isRestricted && "A token with a prefix is refused.",
  ]
    .filter(Boolean)
    .join(" ");
  return {
    operationId,
    tags: [isOfToday ? doc.tag : "Earlier versions"],
    summary: doc.summary,
    ...(description !== "" && { description }),
    parameters: [...inPath, ...inQuery],
    ...(doc.body !== undefined && { requestBody: bodyOf(doc.body) }),
    responses: answersOf(doc, mayBeForbidden),
    ...(isProbe ? { security: [] } : { "x-required-role": role }),
  };
}

function bodyOf({ is, when, isRequired }: NonNullable<OperationDoc["body"]>): JsonObject {
  const content: JsonObject =
    is === "payload"
      ? { "*/*": { schema: { type: "string" } } }
      : { "application/json": { schema: jsonSchema(SCHEMAS[is]) } };
  return { description: when, required: isRequired === true, content };
}

function contentOf(schema: NonNullable<AnswerDoc["schema"]>): JsonObject {
  if (schema === "events") return { "text/event-stream": { schema: { type: "string" } } };
  if (schema === "text") return { "text/plain": { schema: { type: "string" } } };
  return { "application/json": { schema: jsonSchema(schema === "anything" ? ANYTHING : SCHEMAS[schema]) } };
}

function answersOf(doc: OperationDoc, mayBeForbidden: boolean): JsonObject {
  const answers: Record<string, Json> = {};
  for (const [status, { when, schema, hasLines }] of Object.entries(doc.answers)) {
    const lines = hasLines && { "application/jsonl": { schema: { type: "string" } } };
    answers[status] = {
      description: when,
      ...(schema !== undefined && { content: { ...contentOf(schema), ...lines } }),
    };
  }
  const common = COMMON[doc.checks];
  const forbidden: readonly ErrorCode[] = mayBeForbidden ? ["ERR_FORBIDDEN"] : [];
  const codes = [...doc.errors, ...common.errors, ...forbidden];
  const texts = common.texts.map((name) => TEXTS[name]);
  for (const status of [400, 401, 403, 404, 409, 429, 500, 501]) {
    const ofStatus = codes.filter((code) => whenWith(code, status) !== undefined);
    const textsOfStatus = texts.filter((text) => text.status === status);
    if (ofStatus.length + textsOfStatus.length === 0) continue;
    const reasons = [
      ...ofStatus.map((code) => `\`${code}\`: ${whenWith(code, status)}.`),
      ...textsOfStatus.map(({ when }) => `In plain text: ${when}.`),
    ];
    answers[status] = {
      description: reasons.map((reason) => `- ${reason}`).join("\n"),
      content: {
        ...(ofStatus.length > 0 && { "application/json": { schema: jsonSchema(errorSchema(ofStatus)) } }),
        ...(textsOfStatus.length > 0 && { "text/plain": { schema: { type: "string" } } }),
      },
    };
  }
  return answers;
}

function whenWith(code: ErrorCode, status: number): string | undefined {
  const error: ErrorDoc = ERRORS[code];
  return error.status === status ? error.when : error.also?.[status];
}

function errorSchema(codes: readonly ErrorCode[]): v.GenericSchema {
  return v.object({ errorCode: v.picklist(codes), message: v.string() });
}

/** As text in a query: OpenAPI writes numbers and booleans there as JSON does. What is left out has its default. */
function parameterSchema(name: string, parameter: Parameter): JsonObject {
  const { default: written, ...rest } = plain(toJsonSchema(parameter, CONVERSION));
  if (familyOf(name) !== undefined) return familySchema(name, rest);
  const schema = written === undefined ? rest : { ...rest, default: v.parse(parameter, undefined) as Json };
  // Separated by commas.
  return schema.type === "array" ? { style: "form", explode: false, schema } : { schema };
}

/** An object whose fields stand in the query each by its own name. */
function familySchema(name: string, schema: Json): JsonObject {
  const patternProperties = { [`^${familyOf(name)?.replace(".", "\\.")}`]: schema };
  return { style: "form", explode: true, schema: { type: "object", patternProperties, additionalProperties: false } };
}

/** What is among SCHEMAS is referred to. */
function jsonSchema(schema: v.GenericSchema): Json {
  return plain(toJsonSchema(schema, { ...CONVERSION, definitions: SCHEMAS }));
}

const CONVERSION = {
  target: "draft-2020-12",
  typeMode: "output",
  overrideRef: ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`,
} as const;

/** Without what says which JSON Schema it is, as OpenAPI does for all, and the definitions, which stand in one place. */
function plain(schema: object): JsonObject {
  const { $schema: _, $defs: __, ...rest } = JSON.parse(JSON.stringify(schema));
  return rest;
}
