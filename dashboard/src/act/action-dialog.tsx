import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { addressOf, hasToken } from "../app/api.ts";
import { Code } from "../parts/code.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import type { Asked } from "./requests.ts";
import { send } from "./send.ts";
import { commandOf, curlOf } from "./shell.ts";

interface Props {
  readonly title: string;
  /** On the button. */
  readonly verb: string;
  /** What happens, and what becomes of children. */
  readonly effect: ComponentChildren;
  /** Fields beside the reason. */
  readonly children?: ComponentChildren;
  /** What is asked for; `undefined` as long as something is missing. */
  readonly asked: (reason: string) => Asked | undefined;
  /** What came of it; `text` has each digit of it. */
  readonly done: (answer: unknown, text: string) => ComponentChildren;
  readonly onClose: () => void;
  /** Something is lost: the focus is on the way back. */
  readonly danger?: boolean;
  readonly wide?: boolean;
  /** Without it, a reason is asked for. */
  readonly withoutReason?: boolean;
  /** On the button that goes back. */
  readonly back?: string;
  /** It only reads: it may be sent again and again, and its answer stands beside the form. */
  readonly repeats?: boolean;
}

/** One action on one thing: what it does, what is needed for it, the same for a terminal, and then what came of it. */
export function ActionDialog(props: Props) {
  const { title, verb, effect, children, asked, onClose, danger = false, back = "Cancel" } = props;
  const [reason, setReason] = useState("");
  const { state, run } = useSending();
  const what = asked(reason.trim());
  // As it was when it was asked for: what is shown beside the dialog is read anew as soon as something has changed.
  const done = useRef(props.done);
  if (state.type === "done" && props.repeats !== true) {
    return (
      <Dialog title={title} onClose={onClose} wide={props.wide === true}>
        <Outcome onClose={onClose}>{done.current(state.answer, state.text)}</Outcome>
      </Dialog>
    );
  }
  const submit = (event: Event) => {
    event.preventDefault();
    if (what === undefined || state.type === "sending") return;
    done.current = props.done;
    run(what);
  };
  return (
    <Dialog title={title} onClose={onClose} wide={props.wide === true}>
      <form class="form" onSubmit={submit}>
        <div class="effect">{effect}</div>
        {children}
        {props.withoutReason !== true && <ReasonField value={reason} onChange={setReason} />}
        <InTerminal asked={what} />
        {state.type === "failed" && (
          <p class="problem" role="alert">
            <Icon name="triangle-alert" /> {messageOf(state.error)}
          </p>
        )}
        {state.type === "done" && <div role="status">{done.current(state.answer, state.text)}</div>}
        <div class="form-end">
          <button type="button" class="button" onClick={onClose} data-autofocus={danger ? "" : undefined}>
            {back}
          </button>
          <button
            type="submit"
            class={danger ? "button button-danger" : "button button-main"}
            disabled={what === undefined || state.type === "sending"}
          >
            {state.type === "sending" ? "Sending …" : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

type Sending =
  | { readonly type: "idle" | "sending" }
  | { readonly type: "done"; readonly answer: unknown; readonly text: string }
  | { readonly type: "failed"; readonly error: unknown };

export function useSending() {
  const [state, setState] = useState<Sending>({ type: "idle" });
  const run = (asked: Asked) => {
    setState({ type: "sending" });
    send(asked.request).then(
      (text) => setState({ type: "done", answer: text === "" ? undefined : JSON.parse(text), text }),
      (error: unknown) => setState({ type: "failed", error }),
    );
  };
  return { state, run };
}

/** Takes the focus, so that it is read, and Enter ends it. */
function Outcome({ children, onClose }: { children: ComponentChildren; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  return (
    <div class="form">
      <div class="outcome" role="status">
        <Icon name="circle-check" size={20} />
        <div>{children}</div>
      </div>
      <div class="form-end">
        <button type="button" class="button button-main" ref={close} onClick={onClose}>
          Close
        </button>
      </div>
    </div>
  );
}

export function ReasonField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <label class="field">
      <span>Reason</span>
      <input
        value={value}
        maxLength={1_000}
        autocomplete="off"
        placeholder="Why, for whoever looks at it later"
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}

/** The same as the button does. */
export function InTerminal({ asked }: { asked: Asked | undefined }) {
  if (asked === undefined) return null;
  const { request, command } = asked;
  const root = addressOf("/");
  return (
    <details class="terminal" open>
      <summary>The same in a terminal</summary>
      <Code text={curlOf(request, addressOf(request.path, request.query), hasToken.value)} label="Copy the curl" />
      {command === undefined ? (
        <p class="quiet">The command line has no command for this.</p>
      ) : (
        <Code text={commandOf(command, root)} label="Copy the command" />
      )}
    </details>
  );
}
