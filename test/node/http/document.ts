// The OpenAPI document as a judge: whether an answer is one that it describes, down to the last field.
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { openApiDocument } from "../../../src/http/openapi/document.ts";

type Json = Record<string, unknown>;

export interface MediaType {
  readonly schema: Json;
}
export interface DocumentedAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, MediaType>>;
}
export interface DocumentedParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly schema: Json;
}
export interface DocumentedOperation {
  readonly operationId: string;
  readonly description?: string;
  readonly "x-required-role"?: string;
  readonly parameters: readonly DocumentedParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

export const openApi = openApiDocument() as unknown as OpenApi;

/** As the table of routes writes a path. */
export function operationAt(method: string, path: string): DocumentedOperation | undefined {
  return openApi.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
}

/** The error codes that an operation may answer with, as `STATUS CODE`. */
export function documentedErrors({ responses }: DocumentedOperation): string[] {
  return Object.entries(responses).flatMap(([status, { content }]) => {
    const { errorCode } = (content?.["application/json"]?.schema.properties ?? {}) as {
      errorCode?: { enum: string[] };
    };
    const inText = content?.["text/plain"] === undefined ? [] : [`${status} in plain text`];
    return [...(errorCode?.enum ?? []).map((code) => `${status} ${code}`), ...inText];
  });
}

const ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true }));
// Here a field that is not described is a fault. Who reads the document for their own use is not told so, for fields are added.
ajv.addSchema({ $id: "openapi", $defs: closed(openApi.components.schemas) } as Json);
const compiled = new Map<Json, ValidateFunction>();

/** What a value has that its schema does not allow. */
export function faultsOf(value: unknown, schema: Json): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(closed(schema) as Json);
  compiled.set(schema, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }: ErrorObject) => `${instancePath} ${message}`);
}

/** What is wrong with an answer of this operation; its body is the text that was sent. */
export function faultsOfAnswer(
  { operationId, responses }: DocumentedOperation,
  { status, headers }: Response,
  text: string,
): string[] {
  const answer = responses[status];
  if (answer === undefined) return [`${operationId} has no answer ${status}`];
  if (answer.content === undefined) return text === "" ? [] : [`${operationId} ${status} has a body`];
  const type = headers.get("content-type")?.split(";")[0] ?? "none";
  const media = answer.content[type];
  if (media === undefined) return [`${operationId} ${status} is not described as ${type}`];
  const value: unknown = type === "application/json" ? JSON.parse(text) : text;
  return faultsOf(value, media.schema).map((fault) => `${operationId} ${status}: ${fault}`);
}

/** References lead to where the schemas stand here, and objects that name their fields have no others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) =>
    key === "$ref" ? [key, String(value).replace("#/components/schemas/", "openapi#/$defs/")] : [key, closed(value)],
  );
  const copy = Object.fromEntries(entries);
  return copy.type === "object" && copy.properties !== undefined ? { additionalProperties: false, ...copy } : copy;
}
