import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import type { Reply } from "./replies.ts";

/*
 * What a person's browser asks for. The pages themselves are files that Cloudflare serves, or `createWorker`'s option `dashboard` does; neither asks for a
 * token, since there is nothing in them that is anybody's. What they show they ask of the API, with the token that the person gives them.
 */

export function answerPage({ request, path }: Call, { dashboard }: Pick<HttpDeps, "dashboard">): Response | undefined {
  return path === "/ui" || path.startsWith("/ui/") ? dashboard?.(request, path) : undefined;
}

/** Whoever opens the address of the server in a browser. Everybody else is told, as by Dapr, that there is nothing. */
export function isVisit({ method, path, request }: Call): boolean {
  return method === "GET" && path === "/" && request.headers.get("accept")?.includes("text/html") === true;
}

/** Relative, so that it is right below every base path, and whatever a proxy calls this server. */
export function toDashboard({ request }: Call): Reply {
  const { pathname } = new URL(request.url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return { status: 302, body: null, headers: { location: last === "" ? "ui/" : `./${last}/ui/`, vary: "accept" } };
}
