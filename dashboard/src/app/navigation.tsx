import { Icon } from "../parts/icon.tsx";
import { PAGES } from "./pages.ts";
import { href, route } from "./router.ts";
import { prefix } from "./session.ts";

/** An instance is of the list. */
const PARENTS: Readonly<Record<string, string>> = { i: "list" };

export function Navigation() {
  const { page } = route.value;
  const current = PARENTS[page] ?? page;
  return (
    <nav class="navigation" aria-label="Pages">
      {Object.entries(PAGES).map(([name, { title, icon, isOfAll }]) =>
        icon === undefined || (isOfAll === true && prefix.value !== undefined) ? null : (
          <a key={name} href={href(name)} aria-current={name === current ? "page" : undefined}>
            <Icon name={icon} />
            <span>{title}</span>
          </a>
        ),
      )}
    </nav>
  );
}
