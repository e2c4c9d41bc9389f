import { effect, useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { ActionHost } from "../act/index.tsx";
import { Failed, messageOf } from "../parts/failed.tsx";
import { tokenWanted } from "./api.ts";
import { Header } from "./header.tsx";
import { HelpDialog, helpIsOpen } from "./help.tsx";
import { listenToKeys } from "./keys.ts";
import { Navigation } from "./navigation.tsx";
import { PAGES } from "./pages.ts";
import { followAddress, reload, route } from "./router.ts";
import { loadMetadata, metadata, versionWarning } from "./session.ts";
import { startClock } from "./times.ts";
import { TokenDialog } from "./token-dialog.tsx";

/** The shell around every page. */
export function App() {
  const problem = useSignal<unknown>(undefined);
  const load = () => {
    problem.value = undefined;
    loadMetadata().catch((error: unknown) => {
      problem.value = error;
    });
  };
  useEffect(() => {
    followAddress();
    startClock();
    listenToKeys();
    load();
    return effect(() => {
      const { page, path } = route.value;
      const app = metadata.value?.id ?? "edge-workflows";
      document.title = `${page === "i" ? (path[0] ?? "") : (PAGES[page]?.title ?? "Not found")} · ${app}`;
    });
  }, []);
  return (
    <div class="app">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Header />
      <Navigation />
      <main id="main" tabIndex={-1}>
        {versionWarning.value !== undefined && <p class="notice">{versionWarning}</p>}
        {problem.value !== undefined && <Failed error={problem.value} what="The server" onRetry={load} />}
        <CurrentPage />
      </main>
      <ActionHost />
      {helpIsOpen.value && <HelpDialog />}
      {tokenWanted.value !== undefined && <TokenDialog why={tokenWanted.value} />}
    </div>
  );
}

const loaded = new Map<string, ComponentType>();

function CurrentPage() {
  const { page } = route.value;
  const entry = PAGES[page];
  const failure = useSignal<{ page: string; error: unknown } | undefined>(undefined);
  const ready = useSignal(0);
  // Read, so that it renders again when a page has come.
  void ready.value;
  const load = () => {
    if (entry === undefined || loaded.has(page)) return;
    failure.value = undefined;
    entry.load().then(
      (module) => {
        loaded.set(page, module.Page);
        ready.value++;
      },
      (error: unknown) => {
        failure.value = { page, error };
      },
    );
  };
  useEffect(load, [page]);
  if (entry === undefined) {
    return (
      <section class="page">
        <h1>There is no such page</h1>
        <p>
          <a href="#/">To the overview</a>
        </p>
      </section>
    );
  }
  if (failure.value?.page === page) return <Failed error={failure.value.error} what="This page" onRetry={reload} />;
  const Page = loaded.get(page);
  if (Page === undefined) return <p class="loading">Loading …</p>;
  return <Guarded key={page} Page={Page} />;
}

/** A page that throws takes only itself away. */
function Guarded({ Page }: { Page: ComponentType }) {
  const [error, reset] = useErrorBoundary((thrown: unknown) => console.error(thrown));
  if (error === undefined) return <Page />;
  return (
    <div class="failed" role="alert">
      <p>This page has failed: {messageOf(error)}</p>
      <button type="button" class="button" onClick={reset}>
        Try again
      </button>
    </div>
  );
}
