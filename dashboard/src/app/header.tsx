import { Icon } from "../parts/icon.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { addressOf, forgetToken, hasToken, reachable } from "./api.ts";
import { helpIsOpen } from "./help.tsx";
import { href } from "./router.ts";
import { may, metadata, prefix, role } from "./session.ts";

const OF_SOME = ", of instances whose ID begins so";

export function Header() {
  const items: MenuItem[] = [
    { label: "Keyboard shortcuts", icon: "circle-question-mark", onSelect: () => openHelp() },
    { label: "HTTP API", icon: "external-link", onSelect: () => open(addressOf("/docs/"), "_blank", "noopener") },
    ...(hasToken.value ? [{ label: "Forget the token", icon: "key-round", onSelect: forget } as const] : []),
  ];
  return (
    <header class="bar">
      <a class="brand" href="#/">
        <Icon name="workflow" size={20} />
        <span>{metadata.value?.id ?? "edge-workflows"}</span>
      </a>
      <div class="bar-end">
        <Connection />
        {metadata.value !== undefined && (
          <span
            class="role"
            title={`What your token may do: ${role.value}${prefix.value === undefined ? "" : OF_SOME}`}
          >
            {role}
            {prefix.value !== undefined && ` of ${prefix.value}*`}
          </span>
        )}
        {may("starter") && (
          <a class="button button-main" href={href("start")}>
            <Icon name="play" size={14} /> Start
          </a>
        )}
        <Menu label="More" items={items} />
      </div>
    </header>
  );
}

function Connection() {
  return (
    <span class="connection" data-ok={reachable.value} role="status">
      {reachable.value ? "" : "The server does not answer"}
    </span>
  );
}

function openHelp(): void {
  helpIsOpen.value = true;
}

/** What was read with it goes, too. */
function forget(): void {
  forgetToken();
  location.reload();
}
