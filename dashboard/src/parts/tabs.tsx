export interface Tab<Name extends string> {
  readonly name: Name;
  readonly title: string;
  readonly href: string;
  readonly count?: number | undefined;
}

/** Each is an address of its own: links, so that each can be opened beside. */
export function Tabs<Name extends string>({
  tabs,
  current,
  label,
}: {
  tabs: readonly Tab<Name>[];
  current: Name;
  label: string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, title, href, count }) => (
        <a key={name} href={href} aria-current={name === current ? "page" : undefined}>
          {title}
          {count !== undefined && <span class="tabs-count">{count}</span>}
        </a>
      ))}
    </nav>
  );
}
