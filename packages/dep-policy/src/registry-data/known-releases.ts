import { z } from 'zod';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { knownReleases } from './package-releases.ts';
import type { ReleaseSource } from './package-releases.ts';

const release = z.object({
  version: z.string().min(1).max(256),
  published: z.iso.datetime({ offset: true }).optional().describe('When it was published.'),
  isRetracted: z.boolean().default(false).describe('Whether its authors or the registry took it back.'),
  dependencies: z
    .record(z.string(), z.string())
    .default({})
    .describe('What it needs at run time: name to range.'),
  hasInstallScript: z.boolean().default(false).describe('Whether it runs a script when it is installed.'),
  resolved: z.string().optional().describe('URL of the archive.'),
  integrity: z.string().optional().describe('`sha512-<base64>`, for npm.'),
});

const packages = z.record(z.string(), z.array(release).max(100_000)).optional();

/** A file of releases, for work without a network. */
export const knownReleasesSchema = z
  .strictObject({ $schema: z.string().optional(), npm: packages, PyPI: packages })
  .describe('Releases by ecosystem and package: what `--releases` takes in the place of the registries.');

/**
 * A source of what is written down in a file.
 *
 * @param value - The parsed JSON.
 * @throws {DependencyError} `ERR_DEP_POLICY` if it is not of that format.
 */
export function parseKnownReleases(value: unknown): ReleaseSource {
  const parsed = knownReleasesSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DependencyError(
      'ERR_DEP_POLICY',
      `releases: ${printable(issue?.path.join('.') ?? '')}: ${printable(issue?.message ?? 'not valid')}`,
      { cause: parsed.error },
    );
  }
  const { npm = {}, PyPI = {} } = parsed.data;
  return knownReleases({ npm, PyPI });
}
