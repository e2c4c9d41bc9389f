import { signal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { PAGES } from "./pages.ts";

export const helpIsOpen = signal(false);

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Search"],
  ["j  k", "Next and previous row"],
  ["x", "Select the row"],
  ["Enter", "Open the row"],
  [".", "Actions"],
  ["n", "Start a workflow"],
  ["Esc", "Close a dialog, leave a field"],
  ["?", "This help"],
];

export function HelpDialog() {
  const close = () => {
    helpIsOpen.value = false;
  };
  return (
    <Dialog title="Keyboard" onClose={close}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <Key key={key} name={key} what={what} />
        ))}
        {Object.values(PAGES).map(({ key, title }) =>
          key === undefined ? null : <Key key={key} name={`g  ${key}`} what={`Go to ${title}`} />,
        )}
      </dl>
    </Dialog>
  );
}

function Key({ name, what }: { name: string; what: string }) {
  return (
    <div>
      <dt>
        {name.split(/ +/).map((one) => (
          <kbd key={one}>{one}</kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </div>
  );
}
