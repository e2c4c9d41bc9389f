import { type Docs, TO_LOG } from "./operation-doc.ts";

/** All instances together. */
export const OF_ALL = {
  listWorkflows: {
    tag: "Catalog",
    summary: "List, filter and count instances",
    description:
      "The newest first; the component is no filter. All filters have to fit. What has changed within the last second may be missing; Get is always exact.",
    names: {
      "attr.KEY":
        "The search attribute whose key stands in the place of KEY has this value, or its list has it. JSON of a number, `true` or `false` fits texts, too.",
      continuationToken: "That of the page before, with the same filter and order.",
    },
    answers: { 200: { when: "A page; counts with `countBy`; changes with `since`.", schema: "WorkflowList" } },
    errors: ["ERR_LIST_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  getCatalog: {
    tag: "Catalog",
    summary: "See the shards of the catalog",
    description: "How many instances each lists, and how long what it was told was on its way.",
    answers: { 200: { when: "The shards.", schema: "CatalogHealth" } },
    errors: ["ERR_CATALOG_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  rebuildCatalog: {
    tag: "Catalog",
    summary: "Have instances announce themselves again",
    description: "For IDs that are known from elsewhere, when the catalog has lost them. It may be sent again.",
    names: TO_LOG,
    body: { is: "CatalogRebuild", when: "The IDs.", isRequired: true },
    answers: { 200: { when: "What became of them.", schema: "CatalogRebuilt" } },
    errors: ["ERR_BODY_READ", "ERR_CATALOG_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  getMetrics: {
    tag: "Catalog",
    summary: "Read the metrics",
    description:
      "For Prometheus. What stands under Dapr's names is there where metrics are switched on; the numbers of instances, and how fresh the catalog is, always.",
    answers: { 200: { when: "Prometheus' text, version 0.0.4.", schema: "text" } },
    errors: ["ERR_MALFORMED_REQUEST", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "app",
  },
} satisfies Partial<Docs>;
