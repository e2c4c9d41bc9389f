import { useMemo, useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { useRead } from "../pages/use-read.ts";
import type { Definitions } from "../pages/wire.ts";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson } from "../parts/json-text.ts";
import { JsonView } from "../parts/json-view.tsx";
import { ActionDialog } from "./action-dialog.tsx";
import { InstanceLink, newRequestID, useDetail } from "./dialogs.tsx";
import type { DialogProps } from "./index.tsx";
import { changeVersion, query, update } from "./requests.ts";

/*
 * What only the code of the instance, or of the deployment, can tell: its queries and updates, and the versions that there are.
 */

export function VersionDialog({ id, onClose }: DialogProps) {
  const { value: detail } = useDetail(id);
  const { value: definitions, error } = useRead(
    "definitions",
    (signal) => api.get<Definitions>(at.definitions(), undefined, { signal }),
    0,
  );
  const [version, setVersion] = useState<string | undefined>();
  const workflow = definitions?.workflows.find(({ name }) => name === detail?.workflowName);
  const others = workflow?.versions.filter((one) => one !== detail?.version) ?? [];
  const chosen = version ?? others.find((one) => one === workflow?.latest) ?? others[0] ?? "";
  const isKnown = detail !== undefined && definitions !== undefined;
  return (
    <ActionDialog
      title={`Change the version of ${id}`}
      verb="Change version"
      onClose={onClose}
      effect={
        <>
          <p>
            It is replayed with the code of that version, and goes on with it. If the code does not fit its history, it
            stalls until it is put on one that does. Its children keep their versions.
          </p>
          {isKnown && (
            <p>
              It runs <code>{detail.workflowName}</code>{" "}
              {detail.version === undefined ? "without a version" : <>in version {detail.version}</>}.
              {others.length === 0 && " No other version of it is registered: deploy one first."}
            </p>
          )}
        </>
      }
      asked={(reason) => (chosen === "" ? undefined : changeVersion({ id, version: chosen, reason }))}
      done={() => (
        <p>
          <InstanceLink id={id} /> goes on with version {chosen}.
        </p>
      )}
    >
      {error === undefined && others.length > 0 && (
        <label class="field">
          <span>Version</span>
          <select value={chosen} onChange={(event) => setVersion(event.currentTarget.value)}>
            {others.map((one) => (
              <option key={one} value={one}>
                {one === workflow?.latest ? `${one} (latest)` : one}
              </option>
            ))}
          </select>
        </label>
      )}
      {error !== undefined && (
        <label class="field">
          <span>Version</span>
          <input value={chosen} onInput={(event) => setVersion(event.currentTarget.value)} />
        </label>
      )}
    </ActionDialog>
  );
}

export function QueryDialog({ id, name, onClose }: DialogProps) {
  const [chosen, setChosen] = useState(name);
  const [input, setInput] = useState("");
  const handlers = useDetail(id).value?.queries;
  const asks = chosen ?? handlers?.[0] ?? "";
  const isWrong = checkJson(input) !== undefined;
  return (
    <ActionDialog
      title={`Query ${id}`}
      verb="Ask"
      back="Close"
      withoutReason
      repeats
      onClose={onClose}
      effect={<p>Its code is asked, and nothing changes. {none(handlers, "queries")}</p>}
      asked={() => (asks === "" || isWrong ? undefined : query({ id, name: asks, input }))}
      done={(_, text) => <JsonView text={text || "null"} label="answer" />}
    >
      <Handler label="Query" handlers={handlers} chosen={asks} onChange={setChosen} />
      <JsonEditor label="Input (JSON, may be left out)" value={input} onChange={setInput} rows={3} />
    </ActionDialog>
  );
}

export function UpdateDialog({ id, name, onClose }: DialogProps) {
  const [chosen, setChosen] = useState(name);
  const [input, setInput] = useState("");
  const updateID = useMemo(newRequestID, []);
  const handlers = useDetail(id).value?.updates;
  const asks = chosen ?? handlers?.[0] ?? "";
  const isWrong = checkJson(input) !== undefined;
  return (
    <ActionDialog
      title={`Update ${id}`}
      verb="Update"
      onClose={onClose}
      effect={
        <p>
          Its code changes what it is about, and answers. Its children hear nothing of it. {none(handlers, "updates")}
        </p>
      }
      asked={(reason) => (asks === "" || isWrong ? undefined : update({ id, name: asks, input, reason, updateID }))}
      done={(_, text) => (
        <>
          <p>
            <InstanceLink id={id} /> has taken <code>{asks}</code>, and answers:
          </p>
          <JsonView text={text || "null"} label="answer" />
        </>
      )}
    >
      <Handler label="Update" handlers={handlers} chosen={asks} onChange={setChosen} />
      <JsonEditor label="Input (JSON, may be left out)" value={input} onChange={setInput} rows={3} />
    </ActionDialog>
  );
}

function none(handlers: readonly string[] | undefined, what: string): string {
  return handlers?.length === 0 ? `It has no ${what} now.` : "";
}

/** Those that its code has set; where that is not known, any name may be tried. */
function Handler({
  label,
  handlers,
  chosen,
  onChange,
}: {
  label: string;
  handlers: readonly string[] | undefined;
  chosen: string;
  onChange: (name: string) => void;
}) {
  if (handlers === undefined || handlers.length === 0) {
    return (
      <label class="field">
        <span>{label}</span>
        <input value={chosen} autocomplete="off" onInput={(event) => onChange(event.currentTarget.value)} />
      </label>
    );
  }
  return (
    <label class="field">
      <span>{label}</span>
      <select value={chosen} onChange={(event) => onChange(event.currentTarget.value)}>
        {handlers.map((handler) => (
          <option key={handler} value={handler}>
            {handler}
          </option>
        ))}
      </select>
    </label>
  );
}
