import type { Ecosystem, PackageName } from '../ecosystem.ts';

/** One release of a package, as its registry describes it. */
export interface Release {
  readonly version: string;
  /** RFC 3339, if the registry says when. */
  readonly published?: string | undefined;
  /** Whether its authors, or the registry, took it back or advise against it. */
  readonly isRetracted: boolean;
  /** What it needs at run time: name to range. For PyPI only what no marker makes conditional on an extra. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Whether it runs a script when it is installed. */
  readonly hasInstallScript: boolean;
  /** URL of the archive. */
  readonly resolved?: string | undefined;
  /** `sha512-<base64>` for npm. */
  readonly integrity?: string | undefined;
}

/** What registries know of packages. */
export interface ReleaseSource {
  /**
   * Every release of a package.
   *
   * @returns undefined if the registry has no such package.
   * @throws {DependencyError} `ERR_DEP_NETWORK`
   */
  releasesOf(
    name: PackageName,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Release[] | undefined>;
}

/** Releases that are written down: for work without a network, and for what a registry does not have yet. */
export type KnownReleases = Readonly<
  Partial<Record<Ecosystem, Readonly<Record<string, readonly Release[]>>>>
>;

/** A source that knows what it was given and nothing else. */
export function knownReleases(known: KnownReleases): ReleaseSource {
  return {
    releasesOf: ({ ecosystem, name }) => {
      const packages = known[ecosystem] ?? {};
      return Promise.resolve(Object.hasOwn(packages, name) ? packages[name] : undefined);
    },
  };
}
