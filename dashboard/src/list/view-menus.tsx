import { useState } from "preact/hooks";
import { go, href, route, setQuery } from "../app/router.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import { COLUMN_NAMES, type ColumnName, columnsText } from "./column-names.ts";
import { COLUMNS } from "./columns.tsx";
import { removeView, saveView, USUAL, type View, views } from "./views.ts";

/** Filters that have a name: the usual ones, and those of this reader. */
export function ViewsMenu() {
  const [dialog, setDialog] = useState<"save" | "manage" | undefined>(undefined);
  const show = ({ query }: View) => go(`${href("list")}?${query}`);
  const own = views.value;
  const items = [
    ...own.map((view) => ({ label: view.name, icon: "bookmark" as const, onSelect: () => show(view) })),
    ...USUAL.map((view) => ({ label: view.name, icon: "list-filter" as const, onSelect: () => show(view) })),
    { label: "Save this view …", icon: "plus" as const, onSelect: () => setDialog("save") },
    ...(own.length === 0
      ? []
      : [{ label: "Remove views …", icon: "trash-2" as const, onSelect: () => setDialog("manage") }]),
  ];
  return (
    <>
      <Menu label="Saved views" items={items}>
        <Icon name="bookmark" size={14} /> Views
      </Menu>
      {dialog === "save" && <SaveDialog onClose={() => setDialog(undefined)} />}
      {dialog === "manage" && <ManageDialog onClose={() => setDialog(undefined)} />}
    </>
  );
}

function SaveDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === "") return;
          saveView({ name: name.trim(), query: String(route.value.query) });
          onClose();
        }}
      >
        <label class="field">
          <span>Name</span>
          <input
            data-autofocus
            maxLength={60}
            autocomplete="off"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <p class="quiet">
          Filters, columns and order, in this browser. A link to this page shows the same to everybody.
        </p>
        <div class="form-end">
          <button type="submit" class="button button-main" disabled={name.trim() === ""}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ManageDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Saved views" onClose={onClose}>
      <ul class="views">
        {views.value.map(({ name }) => (
          <li key={name}>
            <span>{name}</span>
            <button type="button" class="button-small" onClick={() => removeView(name)}>
              Remove<span class="hidden-text"> {name}</span>
            </button>
          </li>
        ))}
      </ul>
      {views.value.length === 0 && <p class="quiet">None is left.</p>}
    </Dialog>
  );
}

export function ColumnsMenu({ columns }: { columns: readonly ColumnName[] }) {
  const [isOpen, setOpen] = useState(false);
  const set = (name: ColumnName, isOn: boolean) =>
    setQuery({ cols: columnsText(isOn ? [...columns, name] : columns.filter((one) => one !== name)) });
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        <Icon name="columns-3" size={14} /> Columns
      </button>
      {isOpen && (
        <Dialog title="Columns" onClose={() => setOpen(false)}>
          <div class="checks">
            {COLUMN_NAMES.map((name) => (
              <label class="check" key={name}>
                <input
                  type="checkbox"
                  checked={columns.includes(name)}
                  disabled={name === "id"}
                  onChange={(event) => set(name, event.currentTarget.checked)}
                />
                <span>{COLUMNS[name].title}</span>
              </label>
            ))}
          </div>
        </Dialog>
      )}
    </>
  );
}
