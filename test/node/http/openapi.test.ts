// The OpenAPI document says what is served: it is made from the one table of routes, and real answers are held against it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { whatItMayBe } from "../../../src/http/openapi/by-hand.ts";
import { openApiDocument } from "../../../src/http/openapi/document.ts";
import { ERRORS } from "../../../src/http/openapi/errors.ts";
import { ROUTES, type Route } from "../../../src/http/routes.ts";
import { ROOT } from "../e2e/server.ts";
import { type DocumentedOperation, documentedErrors, faultsOf, openApi, operationAt } from "./document.ts";
import { answersTo, example, SUCCESSES } from "./examples.ts";

describe("the document", () => {
  it("[H110] is written down as the table has it; `npm run openapi` writes it anew", () => {
    const written = readFileSync(join(ROOT, "assets/v1.0/openapi.json"), "utf8");
    expect(JSON.parse(written)).toEqual(openApiDocument());
    expect(written).toBe(`${JSON.stringify(openApiDocument(), null, 2)}\n`);
  });

  it("[H116] is shown by RapiDoc 9.3.8, as npm has it: what is served with the page of the API is no other code", () => {
    const file = readFileSync(join(ROOT, "assets/docs/rapidoc-min.js"));
    expect(file.subarray(0, 20).toString()).toBe("/*! RapiDoc 9.3.8 | ");
    expect(createHash("sha256").update(file).digest("hex")).toBe(
      "affbd173a65e870e18f392cca963113bcdafb6e50e88cd2f6a834a65b22db94d",
    );
  });

  it("[H111] is OpenAPI 3.1 to a validator of others, and each reference leads somewhere", async () => {
    const document = openApiDocument() as Record<string, unknown>;
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const names = Object.keys(openApi.components.schemas);
    const references = JSON.stringify(document).match(/(?<="\$ref":")[^"]+/g) ?? [];
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((to) => !names.some((name) => to === `#/components/schemas/${name}`))).toEqual([]);
  });

  it("[H111] the validator refuses what is none", async () => {
    const [path = ""] = Object.keys(openApi.paths);
    const wrong = structuredClone(openApiDocument()) as { paths: Record<string, unknown> };
    wrong.paths[path] = { get: { responses: 5 } };
    expect((await new Validator().validate(wrong)).valid).toBe(false);
  });

  it("[H112] has each route of the table and nothing else, each under an ID of its own", () => {
    const described = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    expect(described.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
    const ids = ROUTES.map(({ method, path }) => operationAt(method, path)?.operationId);
    expect(ids).toEqual(ROUTES.map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ROUTES.length);
  });

  it("[H112] names the segments of each path and the parameters of each query, as the table has them", () => {
    for (const route of ROUTES) {
      const { parameters } = operationOf(route);
      const names = (place: string) => parameters.filter(({ in: found }) => found === place).map(({ name }) => name);
      expect(names("path")).toEqual([...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name));
      expect(names("query")).toEqual(Object.keys(route.parameters));
    }
  });

  it("[H160] says which role each operation needs, as the table has it; a probe needs no token", () => {
    for (const route of ROUTES) {
      const operation = operationOf(route);
      const isProbe = route.path.startsWith("/v1.0/healthz");
      expect([route.path, operation["x-required-role"]]).toEqual([route.path, isProbe ? undefined : route.role]);
      expect(operation.description?.includes(`Needs the role ${route.role}`) === true).toBe(!isProbe);
    }
  });

  it("[H112] a route without a description stops the build", () => {
    const [route] = ROUTES;
    if (route === undefined) throw new Error("expected a route");
    expect(() => openApiDocument([{ ...route, operation: "undescribed" }])).toThrow("operations.ts has no undescribed");
    expect(() => openApiDocument([{ ...route, path: "/v1.0/:new" }])).toThrow("does not describe new");
  });

  it("[H113] every error that it names comes from somewhere, and every error that is answered is named", () => {
    const sources = ["errors", "interactions"].map((name) => readFileSync(join(ROOT, `src/http/${name}.ts`), "utf8"));
    const codes = new Set(sources.join("\n").match(/\bERR_[A-Z_]+/g));
    codes.delete("ERR_DIRECT_INVOKE"); // that of no route
    expect(Object.keys(ERRORS).sort()).toEqual([...codes].sort());
    const described = ROUTES.flatMap((route) => documentedErrors(operationOf(route)));
    expect(Object.keys(ERRORS).filter((code) => !described.some((text) => text.endsWith(code)))).toEqual([]);
  });
});

describe.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", (_, route) => {
  it("[H114] has each answer that is described, and none is unlike its description", async () => {
    const operation = operationOf(route);
    const found = new Set<string>();
    for (const answer of await answersTo(route)) {
      expect([answer.of, answer.faults]).toEqual([answer.of, []]);
      found.add(answer.is);
    }
    const isText = (status: string) => operation.responses[status]?.content?.["text/plain"] !== undefined;
    const successes = Object.keys(operation.responses).filter((status) => Number(status) < 400 && !isText(status));
    expect([...found].sort()).toEqual([...successes, ...documentedErrors(operation)].sort());
  });

  const values = [
    "",
    "true",
    "false",
    "1",
    "0",
    "-1",
    "2.5",
    "1e3",
    "x",
    "started",
    "completed",
    "2026-01-02T03:04:05Z",
    "10001",
  ];
  // What these may be no schema says: their own tests do.
  const hasSyntax = (name: string) =>
    (route.operation === "listWorkflows" && ["q", "since", "continuationToken"].includes(name)) ||
    (route.operation === "listBulkJobs" && name === "continuationToken");
  const parameters = Object.entries(route.parameters).filter(([name]) => !hasSyntax(name));
  it.each(parameters)("[H115] ?%s= is taken as table and document have it", async (name, row) => {
    const schema = schemaOf(operationOf(route).parameters.find((parameter) => parameter.name === name)?.schema);
    // How long, and with what, is read where there is something to wait for.
    const waits = "waitFor" in route.parameters && name !== "waitFor" ? "&waitFor=completed" : "";
    for (const value of values) {
      const { status, text } = await example(route, { query: `${name}=${value}${waits}` });
      const isTaken = !(status === 400 && (text.includes("query parameter") || text.includes(`"${name}: `)));
      const isDescribed = asTyped(value, schema).some((typed) => faultsOf(typed, schema).length === 0);
      expect([name, value, isTaken, v.is(whatItMayBe(name, row), value)]).toEqual([name, value, isDescribed, isTaken]);
    }
  });
});

it("[H114] an answer with a field that is not described, or without one that is, is found", async () => {
  const route = ROUTES.find(({ operationId }) => operationId === "getWorkflow");
  if (route === undefined) throw new Error("expected getWorkflow");
  const { schema } = operationOf(route).responses[200]?.content?.["application/json"] ?? { schema: {} };
  const { body } = await example(route, SUCCESSES.getWorkflow[0]);
  expect(faultsOf(body, schema)).toEqual([]);
  expect(faultsOf({ ...(body as object), more: 1 }, schema)).not.toEqual([]);
  expect(faultsOf({ ...(body as object), instanceID: undefined }, schema)).not.toEqual([]);
  expect(faultsOf({ ...(body as object), runtimeStatus: "ASLEEP" }, schema)).not.toEqual([]);
});

function operationOf({ method, path }: Route): DocumentedOperation {
  const operation = operationAt(method, path);
  if (operation === undefined) throw new Error(`the document has no ${method} ${path}`);
  return operation;
}

/** Of a family of parameters that of each. */
function schemaOf(schema: Record<string, unknown> = {}): Record<string, unknown> {
  const { patternProperties } = schema as { patternProperties?: Record<string, Record<string, unknown>> };
  return patternProperties === undefined ? schema : (Object.values(patternProperties)[0] ?? {});
}

/** What the text of a query may stand for: OpenAPI writes numbers and booleans there as JSON does. */
function asTyped(value: string, { type }: Record<string, unknown>): unknown[] {
  // Statuses are taken in any case of letters.
  if (type === "array") return [value.split(","), value.toUpperCase().split(",")];
  if (type === "boolean") return value === "true" || value === "false" ? [value === "true"] : [];
  if (type === "number" || type === "integer") return /^-?\d+(\.\d+)?$/.test(value) ? [Number(value)] : [];
  return [value];
}
