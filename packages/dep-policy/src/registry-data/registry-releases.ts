import { z } from 'zod';
import { JsonService } from '../advisories/http-json.ts';
import type { ServiceOptions } from '../advisories/http-json.ts';
import { DependencyError } from '../errors.ts';
import { isExactVersion } from '../exact-version.ts';
import { parseRequirement } from '../readers/python-requirement.ts';
import type { Release, ReleaseSource } from './package-releases.ts';

/** A map of text to text whose keys are anybody's: as entries, so that none reaches a prototype. */
const texts = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  .transform((value) =>
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  .catch([]);

const npmVersion = z.object({
  dependencies: texts.optional(),
  optionalDependencies: texts.optional(),
  deprecated: z.union([z.string(), z.boolean()]).optional(),
  hasInstallScript: z.boolean().optional(),
  scripts: texts.optional(),
  dist: z.object({ tarball: z.string().optional(), integrity: z.string().optional() }).optional(),
});

const npmDocument = z.object({ versions: z.record(z.string(), z.unknown()), time: texts.optional() });

const pypiDocument = z.object({
  releases: z.record(
    z.string(),
    z.array(z.object({ upload_time_iso_8601: z.string().optional(), yanked: z.boolean().optional() })),
  ),
});

const pypiRelease = z.object({ info: z.object({ requires_dist: z.array(z.string()).nullish() }) });

/** Releases asked for by what they need: one request each at PyPI. */
const MAX_PYPI_DETAILS = 20;

/** Where registries are. */
export interface RegistryReleasesOptions {
  /** Default: `https://registry.npmjs.org`. */
  readonly npm?: ServiceOptions | undefined;
  /** Default: `https://pypi.org`. */
  readonly pypi?: ServiceOptions | undefined;
}

/**
 * Asks the registries themselves: npm's full package document, which has times, and PyPI's JSON API. Each package is
 * asked for once.
 *
 * @throws {DependencyError} `ERR_DEP_POLICY` for an address that is neither https nor of this machine.
 * @see https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
 * @see https://docs.pypi.org/api/json/
 */
export function registryReleases({ npm = {}, pypi = {} }: RegistryReleasesOptions = {}): ReleaseSource {
  const npmService = new JsonService('https://registry.npmjs.org', npm);
  const pypiService = new JsonService('https://pypi.org', pypi);
  const known = new Map<string, Promise<readonly Release[] | undefined>>();
  return {
    releasesOf: ({ ecosystem, name }, { signal } = {}) => {
      const key = `${ecosystem} ${name}`;
      let releases = known.get(key);
      if (releases === undefined) {
        releases =
          ecosystem === 'npm'
            ? npmReleases(npmService, name, signal)
            : pypiReleases(pypiService, name, signal);
        known.set(key, releases);
      }
      return releases;
    },
  };
}

async function npmReleases(
  service: JsonService,
  name: string,
  signal?: AbortSignal,
): Promise<Release[] | undefined> {
  const answer = await askFor(service, `/${name.replace('/', '%2f')}`, signal);
  if (answer === undefined) return undefined;
  const { versions, time = [] } = parse(npmDocument, answer);
  const times = new Map(time);
  return Object.entries(versions).flatMap(([version, value]) => {
    const parsed = npmVersion.safeParse(value);
    if (!parsed.success || !isExactVersion(version)) return [];
    const {
      dependencies = [],
      optionalDependencies = [],
      deprecated,
      hasInstallScript,
      scripts = [],
      dist,
    } = parsed.data;
    return [
      {
        version,
        published: times.get(version),
        isRetracted: deprecated !== undefined && deprecated !== false && deprecated !== '',
        dependencies: ownKeys([...dependencies, ...optionalDependencies]),
        hasInstallScript:
          hasInstallScript ?? scripts.some(([key]) => ['preinstall', 'install', 'postinstall'].includes(key)),
        resolved: dist?.tarball,
        integrity: dist?.integrity,
      },
    ];
  });
}

async function pypiReleases(
  service: JsonService,
  name: string,
  signal?: AbortSignal,
): Promise<Release[] | undefined> {
  const answer = await askFor(service, `/pypi/${encodeURIComponent(name)}/json`, signal);
  if (answer === undefined) return undefined;
  const { releases } = parse(pypiDocument, answer);
  const list = Object.entries(releases).filter(([, files]) => files.length > 0);
  // The newest come last; what older ones need is not asked for.
  const detailed = new Set(list.slice(-MAX_PYPI_DETAILS).map(([version]) => version));
  return await Promise.all(
    list.map(async ([version, files]) => ({
      version,
      published: files.map((file) => file.upload_time_iso_8601).sort()[0],
      isRetracted: files.every(({ yanked }) => yanked === true),
      dependencies: detailed.has(version) ? await pypiNeeds(service, name, version, signal) : {},
      hasInstallScript: false,
    })),
  );
}

async function pypiNeeds(
  service: JsonService,
  name: string,
  version: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const answer = await askFor(
    service,
    `/pypi/${encodeURIComponent(name)}/${encodeURIComponent(version)}/json`,
    signal,
  );
  const needs = answer === undefined ? [] : (parse(pypiRelease, answer).info.requires_dist ?? []);
  return ownKeys(
    needs.flatMap((text): [string, string][] => {
      const requirement = parseRequirement(text);
      if (requirement === undefined || /\bextra\b/.test(requirement.marker ?? '')) return [];
      return [[requirement.name, requirement.specifier]];
    }),
  );
}

/** An object whose keys are its own, `__proto__` too. */
function ownKeys(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries);
}

/** @returns undefined for a package that the registry does not have. */
async function askFor(service: JsonService, path: string, signal?: AbortSignal): Promise<unknown> {
  try {
    return await service.ask(path, undefined, signal);
  } catch (error) {
    const cause = error instanceof DependencyError ? error.cause : undefined;
    if (cause instanceof Error && cause.message.endsWith('found status 404')) return undefined;
    throw error;
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DependencyError(
    'ERR_DEP_NETWORK',
    'registry: expected the description of a package, found another',
    {
      cause: parsed.error,
    },
  );
}
