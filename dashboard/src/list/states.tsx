import { curlOf } from "../act/shell.ts";
import { addressOf, at, hasToken } from "../app/api.ts";
import { go, href } from "../app/router.ts";
import { may, metadata } from "../app/session.ts";
import { Code } from "../parts/code.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failed } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import { type Filters, isFiltering } from "./filters.ts";
import type { ListStore } from "./list-store.ts";

/*
 * What stands in the place of rows, or beside them: each says what it is, so that nobody takes one for another.
 */

/** A read that has failed. Rows that were read before stay below it. */
export function Problems({ list }: { list: ListStore }) {
  const error = list.error.value;
  const missing = list.missingShards.value;
  if (error?.errorCode === "ERR_CATALOG_NOT_CONFIGURED") return <NoCatalog message={error.message} />;
  if (error?.status === 400) {
    return (
      <div class="failed" role="alert">
        <Icon name="triangle-alert" size={20} />
        <div>
          <p class="failed-title">The server does not understand this filter.</p>
          <p class="failed-text">{error.message}</p>
        </div>
      </div>
    );
  }
  return (
    <>
      {error !== undefined && (
        <Failed
          error={error}
          what={list.hasRead.value ? "What has changed since" : "The list"}
          onRetry={() => list.reload()}
        />
      )}
      {missing > 0 && (
        <div class="notice" role="status">
          Not whole: {missing} {missing === 1 ? "shard" : "shards"} of the catalog {missing === 1 ? "has" : "have"} not
          answered.{" "}
          <button type="button" class="button-small" onClick={() => list.reload()}>
            Ask again
          </button>
        </div>
      )}
    </>
  );
}

/** The list was read, and nothing is in it. */
export function Nothing({ list, filters }: { list: ListStore; filters: Filters }) {
  if (list.error.value !== undefined || list.missingShards.value > 0) return null;
  if (list.isPartial.value) return null;
  if (isFiltering(filters)) {
    return (
      <Empty title="No instance fits this filter" icon="list-filter">
        <p>There may be others: the filter leaves them out.</p>
        <button type="button" class="button" onClick={() => go(href("list"))}>
          Clear filters
        </button>
      </Empty>
    );
  }
  const [name] = metadata.value?.workflows.workflows ?? [];
  const path = at.workflows(name ?? "WORKFLOW", "start");
  const curl = curlOf({ method: "POST", path, body: "{}" }, addressOf(path), hasToken.value);
  return (
    <Empty title="No instance yet" icon="workflow">
      <p>Start the first one here, or from anywhere:</p>
      <Code text={curl} label="Copy the curl" />
      {may("starter") && (
        <a class="button button-main" href={href("start")}>
          <Icon name="play" size={14} /> Start a workflow
        </a>
      )}
    </Empty>
  );
}

function NoCatalog({ message }: { message: string }) {
  return (
    <Empty title="This Worker has no catalog" icon="database">
      <p>Lists and counts come from it. The server says: {message}</p>
      <p>Bind it in wrangler.toml, and export the class from the Worker:</p>
      <Code text={BINDING} label="Copy the lines of wrangler.toml" />
      <p>An instance whose ID you know can be opened without it:</p>
      <OpenById />
    </Empty>
  );
}

const BINDING = `[[durable_objects.bindings]]
name = "WORKFLOW_CATALOG"
class_name = "WorkflowCatalog"

[[migrations]]
tag = "v2"
new_sqlite_classes = ["WorkflowCatalog"]`;

function OpenById() {
  return (
    <form
      class="open-by-id"
      onSubmit={(event) => {
        event.preventDefault();
        const id = new FormData(event.currentTarget).get("id");
        if (typeof id === "string" && id !== "") go(href("i", id));
      }}
    >
      <input class="input" name="id" aria-label="ID of an instance" placeholder="ID" autocomplete="off" />
      <button type="submit" class="button">
        Open
      </button>
    </form>
  );
}

/** Below the rows: whether there is more. */
export function Rest({ list }: { list: ListStore }) {
  const { rows, isReading, isPartial, searchedTo, isWhole, hasRead, error } = list;
  if (!hasRead.value || error.value !== undefined) return null;
  const count = rows.value.length;
  if (isPartial.value) {
    return (
      <p class="list-rest" role="status">
        {count === 0 ? "Nothing found so far. " : ""}Searched back to{" "}
        {searchedTo.value === undefined ? "where one look reaches" : <Time at={searchedTo.value} />}.{" "}
        <button type="button" class="button" disabled={isReading.value} onClick={() => list.readMore()}>
          {isReading.value ? "Searching …" : "Continue"}
        </button>
      </p>
    );
  }
  if (count === 0) return null;
  return (
    <p class="list-rest" role="status">
      {isReading.value
        ? "Reading more …"
        : isWhole.value
          ? `${count.toLocaleString("en")} ${count === 1 ? "instance" : "instances"}, no more`
          : `${count.toLocaleString("en")} loaded, more as you scroll`}
    </p>
  );
}
