/** The names are the platform's. */
export type Jurisdiction = "eu" | "fedramp" | "fedramp-high" | "us";
export type LocationHint =
  | "wnam"
  | "enam"
  | "sam"
  | "weur"
  | "eeur"
  | "apac"
  | "apac-ne"
  | "apac-se"
  | "oc"
  | "afr"
  | "me";

/** Where instances live: options of `createWorker`. The same for all of a Worker: another jurisdiction has other instances. */
export interface Placement {
  readonly jurisdiction?: Jurisdiction | undefined;
  readonly locationHint?: LocationHint | undefined;
}

/** What is needed of the namespace of a class. */
export interface Namespace<Stub> {
  getByName(name: string, options?: { readonly locationHint?: LocationHint }): Stub;
  jurisdiction(jurisdiction: Jurisdiction): Namespace<Stub>;
}

/**
 * The one place that makes a stub of an instance, for the HTTP API and for other instances alike: an ID in a jurisdiction is
 * another object than the same ID outside, so whoever would leave the jurisdiction out would not find who is meant. The hint
 * counts where the object is made, which any of the callers may do.
 */
export function instanceStub<Stub>(
  namespace: Namespace<Stub>,
  { jurisdiction, locationHint }: Placement,
  instanceId: string,
): Stub {
  const here = jurisdiction === undefined ? namespace : within(namespace, jurisdiction);
  return locationHint === undefined ? here.getByName(instanceId) : here.getByName(instanceId, { locationHint });
}

/** The local runtime has no jurisdictions, and one place for all objects; Cloudflare's has them. */
function within<Stub>(namespace: Namespace<Stub>, jurisdiction: Jurisdiction): Namespace<Stub> {
  try {
    return namespace.jurisdiction(jurisdiction);
  } catch (error) {
    if (error instanceof Error && error.message.includes("not implemented in workerd")) return namespace;
    throw error;
  }
}
