import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
let eslint: ESLint;

beforeAll(() => {
  // The rule finds the project graph by the working directory, which is this project's.
  eslint = new ESLint({
    cwd: root,
    ruleFilter: ({ ruleId }) => ruleId === '@nx/enforce-module-boundaries',
  });
});

/** Lints `code` as if it stood in the file, with the repository's own configuration. */
async function findBoundaryViolations(file: string, code: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  expect(result!.fatalErrorCount, result!.messages[0]?.message).toBe(0);
  return result!.messages.map(({ ruleId, severity }) => `${ruleId ?? 'none'} ${severity}`);
}

const REFUSED = ['@nx/enforce-module-boundaries 2'];

describe('module boundaries', { timeout: 60_000 }, () => {
  it.each([
    [
      'a package that imports another package',
      'packages/resource-guard/src/index.ts',
      "import { openVerifiedModel } from '@sallyport/model-verifier'; export { openVerifiedModel };",
    ],
    [
      'a package that imports only a type of another package',
      'packages/resource-guard/src/index.ts',
      "import type { VerifiedModel } from '@sallyport/model-verifier'; export type { VerifiedModel };",
    ],
    [
      'a package that loads another package dynamically',
      'packages/resource-guard/src/index.ts',
      "export const later = import('@sallyport/model-verifier');",
    ],
    [
      'a package that reaches into another by path',
      'packages/resource-guard/src/index.ts',
      "import { x } from '../../model-verifier/src/index.ts'; export { x };",
    ],
    [
      'a package that imports the app',
      'packages/resource-guard/src/index.ts',
      "import { x } from '../../../apps/gateway/src/index.ts'; export { x };",
    ],
    [
      'a tool that imports a package',
      'tools/bench/src/cli.ts',
      "import { x } from '@sallyport/resource-guard'; export { x };",
    ],
    [
      'an app that imports a tool',
      'apps/gateway/src/index.ts',
      "import { x } from '../../../tools/bench/src/bench.ts'; export { x };",
    ],
  ])('refuse %s', async (_, file, code) => {
    expect(await findBoundaryViolations(file, code)).toEqual(REFUSED);
  });

  it('let the app import a package', async () => {
    const code = "import { x } from '@sallyport/resource-guard'; export { x };";
    expect(await findBoundaryViolations('apps/gateway/src/index.ts', code)).toEqual([]);
  });

  it('let a package import its own files and its dependencies', async () => {
    const code = "import { z } from 'zod'; import { x } from './errors.ts'; export { x, z };";
    expect(await findBoundaryViolations('packages/resource-guard/src/index.ts', code)).toEqual([]);
  });

  it('are tagged in every project, since a project without a tag would be bound by nothing', () => {
    const manifests = globSync('{packages,apps,tools}/*/package.json', { cwd: root });
    expect(manifests.length).toBeGreaterThan(5);
    for (const manifest of manifests) {
      const { nx } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as {
        nx?: { tags?: string[] };
      };
      expect(nx?.tags, manifest).toEqual([`type:${manifest.split('/')[0]!.replace(/s$/, '')}`]);
    }
  });
});
