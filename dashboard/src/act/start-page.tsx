import { useEffect, useRef, useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href, route, setQuery } from "../app/router.ts";
import { may } from "../app/session.ts";
import { useRead } from "../pages/use-read.ts";
import type { Definitions, Detail } from "../pages/wire.ts";
import { Empty } from "../parts/empty.tsx";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson, readable } from "../parts/json-text.ts";
import { InTerminal, ReasonField, useSending } from "./action-dialog.tsx";
import { EarlierInputs } from "./earlier-inputs.tsx";
import { start } from "./requests.ts";

/** What the form holds, which is its address, too: `#/start?name=order&input=…`, or `#/start?like=order-1`. */
interface Form {
  readonly name: string;
  readonly id: string;
  readonly input: string;
  /** As the field has it: local, without a zone. */
  readonly startTime: string;
  readonly retention: string;
  /** `key=value`, a line each. */
  readonly attributes: string;
}

/** Browsers and mail programs cut longer addresses. */
const MOST_IN_ADDRESS = 4_000;

export function Page() {
  if (!may("starter"))
    return (
      <section class="page">
        <h1>Start a workflow</h1>
        <Empty title="Your token may only look" icon="key-round">
          <p>To start workflows it needs the role starter, or one above it.</p>
        </Empty>
      </section>
    );
  return <StartForm />;
}

function StartForm() {
  const [form, setForm] = useState(formInAddress);
  const [reason, setReason] = useState("");
  const { state, run } = useSending();
  const { value: definitions, error } = useRead(
    "definitions",
    (signal) => api.get<Definitions>(at.definitions(), undefined, { signal }),
    0,
  );
  const names = definitions?.workflows.map(({ name }) => name) ?? [];
  const name = form.name || (names[0] ?? "");
  const change = (changes: Partial<Form>) => setForm((before) => ({ ...before, ...changes }));
  const problem = useLike((found) => setForm((before) => ({ ...found, ...given(before) })));
  useAddress(form);
  const attributes = attributesIn(form.attributes);
  const wrong = checkJson(form.input) !== undefined || attributes === undefined || name === "";
  const startTime = form.startTime === "" ? undefined : new Date(form.startTime).toISOString();
  const asked = wrong ? undefined : start({ ...form, name, startTime, attributes, reason: reason.trim() });
  const submit = (event: Event) => {
    event.preventDefault();
    if (asked !== undefined && state.type !== "sending") run(asked);
  };
  return (
    <section class="page start-page">
      <h1>Start a workflow</h1>
      {problem !== undefined && <p class="problem">{problem}</p>}
      {state.type === "done" && <Started id={(state.answer as { instanceID: string }).instanceID} />}
      <form class="form card card-body" onSubmit={submit}>
        <NameField name={name} names={names} problem={error} onChange={(picked) => change({ name: picked })} />
        <JsonEditor
          label="Input (JSON, may be left out)"
          value={form.input}
          rows={10}
          onChange={(input) => change({ input })}
        />
        <EarlierInputs name={name} onPick={(input) => change({ input })} />
        <Options form={form} onChange={change} />
        <ReasonField value={reason} onChange={setReason} />
        <InTerminal asked={asked} />
        {state.type === "failed" && (
          <p class="problem" role="alert">
            <Icon name="triangle-alert" /> {messageOf(state.error)}
          </p>
        )}
        <div class="form-end">
          <button type="submit" class="button button-main" disabled={asked === undefined || state.type === "sending"}>
            <Icon name="play" /> {state.type === "sending" ? "Starting …" : "Start"}
          </button>
        </div>
      </form>
    </section>
  );
}

function Started({ id }: { id: string }) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => link.current?.focus(), [id]);
  return (
    <div class="outcome card card-body" role="status">
      <Icon name="circle-check" size={20} />
      <p>
        Started:{" "}
        <a ref={link} class="mono" href={href("i", id)}>
          {id}
        </a>
      </p>
    </div>
  );
}

function NameField({
  name,
  names,
  problem,
  onChange,
}: {
  name: string;
  names: readonly string[];
  problem: unknown;
  onChange: (name: string) => void;
}) {
  if (problem !== undefined)
    return (
      <label class="field">
        <span>Workflow</span>
        <input value={name} required onInput={(event) => onChange(event.currentTarget.value)} />
        <small class="quiet">What is registered could not be read: {messageOf(problem)}</small>
      </label>
    );
  const isUnknown = names.length > 0 && name !== "" && !names.includes(name);
  return (
    <label class="field">
      <span>Workflow</span>
      <select value={name} onChange={(event) => onChange(event.currentTarget.value)}>
        {!names.includes(name) && <option value={name}>{isUnknown ? `${name} (not registered)` : name}</option>}
        {names.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      {isUnknown && <small class="quiet">The deployed code has no workflow of this name: it would fail at once.</small>}
    </label>
  );
}

function Options({ form, onChange }: { form: Form; onChange: (changes: Partial<Form>) => void }) {
  const isUsed = form.retention !== "" || form.attributes !== "";
  return (
    <>
      <div class="fields">
        <label class="field">
          <span>ID</span>
          <input
            value={form.id}
            maxLength={64}
            pattern="[A-Za-z0-9_\-]*"
            autocomplete="off"
            spellcheck={false}
            placeholder="One that is made up"
            title="Letters, digits, _ and -, at most 64"
            onInput={(event) => onChange({ id: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Start time (your time zone)</span>
          <input
            type="datetime-local"
            value={form.startTime}
            onInput={(event) => onChange({ startTime: event.currentTarget.value })}
          />
        </label>
      </div>
      <details class="more" open={isUsed}>
        <summary>Search attributes and retention</summary>
        <div class="fields">
          <label class="field">
            <span>Search attributes</span>
            <textarea
              class="mono"
              rows={2}
              spellcheck={false}
              value={form.attributes}
              placeholder={"customer=c995\nvip=true"}
              onInput={(event) => onChange({ attributes: event.currentTarget.value })}
            />
            {attributesIn(form.attributes) === undefined && <small class="problem">A line is key=value</small>}
          </label>
          <label class="field">
            <span>Retention</span>
            <input
              value={form.retention}
              autocomplete="off"
              placeholder="24h"
              title="How long after its end it is kept"
              onInput={(event) => onChange({ retention: event.currentTarget.value })}
            />
          </label>
        </div>
      </details>
    </>
  );
}

function formInAddress(): Form {
  const { query } = route.peek();
  const text = (name: keyof Form) => query.get(name) ?? "";
  return {
    name: text("name"),
    id: text("id"),
    input: text("input"),
    startTime: text("startTime"),
    retention: text("retention"),
    attributes: text("attributes"),
  };
}

function given(form: Form): Partial<Form> {
  return Object.fromEntries(Object.entries(form).filter(([, text]) => text !== ""));
}

/** A short while after the last key, since browsers refuse many changes of the address in a row. */
function useAddress(form: Form): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      if (route.peek().page !== "start") return;
      const input = form.input.length > MOST_IN_ADDRESS ? undefined : form.input;
      setQuery({ ...form, input, like: undefined }, { replace: true });
    }, 400);
    return () => clearTimeout(timer);
  }, [form]);
}

/** "Start like this one": its workflow, input, attributes and retention. @returns why that could not be read */
function useLike(onFound: (form: Form) => void): string | undefined {
  const [problem, setProblem] = useState<string | undefined>();
  useEffect(() => {
    const id = route.peek().query.get("like");
    if (id === null) return;
    const controller = new AbortController();
    api.get<Detail>(at.workflows(id), { detail: "full" }, { signal: controller.signal }).then(
      (found) => onFound(formLike(found)),
      (error: unknown) => {
        if (!controller.signal.aborted) setProblem(`${id} could not be read: ${messageOf(error)}`);
      },
    );
    return () => controller.abort();
  }, []);
  return problem;
}

function formLike({ workflowName = "", properties, searchAttributes = {}, retention = "" }: Detail): Form {
  const lines = Object.entries(searchAttributes).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return {
    name: workflowName,
    id: "",
    input: readable(properties?.["dapr.workflow.input"] ?? ""),
    startTime: "",
    retention,
    attributes: lines.join("\n"),
  };
}

/** `undefined`: a line is none. */
function attributesIn(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    if (at < 1) return undefined;
    found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return found;
}
