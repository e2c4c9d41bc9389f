import { useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href } from "../app/router.ts";
import { may } from "../app/session.ts";
import { short } from "../overview/day-chart.tsx";
import { Empty } from "../parts/empty.tsx";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { Gaps, Loaded } from "./loaded.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import { type CodeRow, codeRows, type WorkflowCode } from "./versions.ts";
import type { Counts, Definitions, Detail, ListPage } from "./wire.ts";

interface Found {
  readonly definitions: Definitions;
  /** `undefined`: there is no catalog that could count. */
  readonly counts: Counts | undefined;
}

const EVERY_MS = 15_000;

export function Page() {
  const reading = useRead("workflows", readWorkflows, EVERY_MS);
  return (
    <section class="page">
      <h1>Workflows</h1>
      <Loaded reading={reading} what="What is registered">
        {({ definitions, counts }) => <Registered definitions={definitions} counts={counts} />}
      </Loaded>
    </section>
  );
}

async function readWorkflows(signal: AbortSignal): Promise<Found> {
  const [definitions, counts] = await Promise.all([
    api.get<Definitions>(at.definitions(), undefined, { signal }),
    api.get<Counts>(at.workflows(), { countBy: "name,version,status" }, { signal }).catch((error: unknown) => {
      if ((error as { status?: number }).status === 501) return undefined;
      throw error;
    }),
  ]);
  return { definitions, counts };
}

function Registered({ definitions, counts }: Found) {
  const workflows = codeRows(definitions, counts?.counts ?? []);
  if (workflows.length === 0)
    return (
      <Empty title="No workflow is registered" icon="workflow">
        <p>Register one with the runtime that createWorker is given.</p>
      </Empty>
    );
  return (
    <>
      {counts === undefined ? (
        <p class="quiet">
          How many instances each has is known where there is a <a href={href("catalog")}>catalog</a>.
        </p>
      ) : (
        <Gaps missingShards={counts.missingShards} complete={counts.complete} />
      )}
      <div class="card card-body">
        <Table
          label="Workflows by version"
          columns={counts === undefined ? COLUMNS : [...COLUMNS, HANDLERS, ...COUNTED]}
          rows={workflows.flatMap((workflow) => workflow.rows.map((row) => ({ ...row, workflow })))}
          keyOf={({ workflow, version = "" }) => `${workflow.name} ${version}`}
        />
      </div>
      <section class="card card-body">
        <h2>Activities</h2>
        {definitions.activities.length === 0 ? (
          <p class="quiet">None is registered.</p>
        ) : (
          <ul class="names">
            {definitions.activities.toSorted().map((name) => (
              <li key={name}>
                <a href={href("list", { waitingFor: `activity:${name}` })} title="Instances that wait for it">
                  <code>{name}</code>
                </a>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

interface Row extends CodeRow {
  readonly workflow: WorkflowCode;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: "Workflow",
    cell: ({ workflow: { name, isRegistered } }) => (
      <>
        <a href={href("list", { name })}>{name}</a>
        {isRegistered && may("starter") && (
          <a class="start-link" href={href("start", { name })}>
            <Icon name="play" size={14} label={`Start ${name}`} />
          </a>
        )}
      </>
    ),
  },
  {
    title: "Version",
    cell: ({ version, isLatest, isMissing, workflow: { rows } }) => (
      <>
        {version ?? <span class="quiet">none</span>}
        {isLatest && rows.length > 1 && <span class="mark">new instances</span>}
        {isMissing && (
          <span class="mark mark-bad" title="Instances of it that have not ended stall when they go on">
            not registered
          </span>
        )}
      </>
    ),
  },
];

function counted(title: string, countOf: (row: Row) => number, query: Readonly<Record<string, string>>): Column<Row> {
  return {
    title,
    isNumber: true,
    cell: (row) => {
      const { workflow, version } = row;
      const count = countOf(row);
      return count === 0 ? "0" : <a href={href("list", { name: workflow.name, version, ...query })}>{short(count)}</a>;
    },
  };
}

/** Queries and updates are set by code that runs: the newest instance that does, is asked for those of its workflow. */
function Handlers({ name }: { name: string }) {
  const [isAsked, setAsked] = useState(false);
  if (!isAsked)
    return (
      <button type="button" class="button-small" onClick={() => setAsked(true)}>
        Show<span class="hidden-text"> those of {name}</span>
      </button>
    );
  return <Found name={name} />;
}

function Found({ name }: { name: string }) {
  const { value, error } = useRead(name, (signal) => readHandlers(name, signal), 0);
  if (error !== undefined) return <span class="problem">{messageOf(error)}</span>;
  if (value === undefined) return <span class="quiet">Loading …</span>;
  if (value.id === undefined) return <span class="quiet">none runs now</span>;
  const { id, queries, updates } = value;
  return (
    <span role="status">
      {queries.length + updates.length === 0 && "none"}
      {queries.length > 0 && `queries: ${queries.join(", ")}`}
      {queries.length > 0 && updates.length > 0 && "; "}
      {updates.length > 0 && `updates: ${updates.join(", ")}`} <a href={href("i", id)}>as in {id}</a>
    </span>
  );
}

async function readHandlers(name: string, signal: AbortSignal) {
  const page = await api.get<ListPage>(at.workflows(), { name, status: "RUNNING", pageSize: 1 }, { signal });
  const id = page.workflows[0]?.instanceID;
  if (id === undefined) return { id, queries: [], updates: [] };
  const query = { detail: "full", fetchPayloads: false };
  const { queries = [], updates = [] } = await api.get<Detail>(at.workflows(id), query, { signal });
  return { id, queries, updates };
}

const HANDLERS: Column<Row> = {
  title: "Queries and updates",
  cell: ({ workflow: { name, rows }, version, open }) =>
    rows.find((row) => row.open > 0)?.version === version && open > 0 ? <Handlers name={name} /> : "–",
};

const COUNTED: readonly Column<Row>[] = [
  counted("Not ended", ({ open }) => open, { status: "PENDING,RUNNING,SUSPENDED,STALLED" }),
  counted("Failed", ({ failed }) => failed, { status: "FAILED" }),
  counted("All", ({ all }) => all, {}),
];
