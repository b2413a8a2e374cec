import { describe, expect, it } from 'vitest';
import { checkDependencies } from '../check-dependencies.ts';
import type { DependencyPolicyInput } from '../policy.ts';
import { onePackage } from '../testing/workspace.ts';

async function violationsOf(
  files: Readonly<Record<string, string>>,
  policy?: DependencyPolicyInput,
): Promise<string[]> {
  const { violations } = await checkDependencies({ root: await onePackage({}, files), policy });
  return violations.map(
    ({ rule, package: subject, file, line }) => `${rule} ${subject} ${file}:${line ?? '-'}`,
  );
}

describe('.npmrc', () => {
  it.each([
    'registry=https://registry.npmjs.org/',
    'registry=https://registry.npmjs.org',
    '@s:registry = "https://registry.npmjs.org/"',
    'strict-ssl=true',
    '//${HOST}/:_authToken=${TOKEN}',
  ])('may say %s', async (line) => {
    expect(await violationsOf({ '.npmrc': `${line}\n` })).toEqual([]);
  });

  it.each([
    ['registry=http://registry.npmjs.org/', 'https registry'],
    ['registry=https://registry.npmjs.org.evil.example/', 'registry registry'],
    ['registry=https://registry.npmjs.org@evil.example/', 'registry registry'],
    ['registry=${REGISTRY}', 'registry registry'],
    ['@s:registry=https://evil.example/', 'registry @s:registry'],
    ['strict-ssl=false', 'https strict-ssl'],
    ['strict-ssl[]=false', 'https strict-ssl'],
    ['registry[]=https://evil.example/', 'registry registry'],
    ['${U?}registry=https://evil.example/', 'setting ${U?}registry'],
  ])('may not say %s', async (line, found) => {
    expect(await violationsOf({ '.npmrc': `# first\n${line}\n` })).toEqual([`${found} .npmrc:2`]);
  });

  it('is read in every member too', async () => {
    const found = await violationsOf({
      'pnpm-workspace.yaml': 'packages: [packages/*]\n',
      'packages/a/package.json': '{"name":"a"}',
      'packages/a/.npmrc': 'registry=http://registry.npmjs.org/',
    });
    expect(found).toContain('https registry packages/a/.npmrc:1');
  });

  it('does not show a credential', async () => {
    const root = await onePackage(
      {},
      { '.npmrc': 'registry=https://user:secret@evil.example/\n//evil.example/:_authToken=secret\n' },
    );
    const report = await checkDependencies({ root });
    expect(report.verdict).toBe('fail');
    expect(JSON.stringify(report)).not.toContain('secret');
  });
});

describe('pnpm-workspace.yaml', () => {
  it.each([
    ['registry: https://evil.example/', 'registry registry pnpm-workspace.yaml:1'],
    ['registries:\n  default: http://registry.npmjs.org/', 'https default pnpm-workspace.yaml:2'],
    ["registries:\n  '@s': https://evil.example/", 'registry @s pnpm-workspace.yaml:2'],
    ['namedRegistries:\n  gh: https://npm.pkg.github.com/', 'registry gh pnpm-workspace.yaml:2'],
    ['strictSsl: false', 'https strictSsl pnpm-workspace.yaml:1'],
  ])('may not say %j', async (text, found) => {
    expect(await violationsOf({ 'pnpm-workspace.yaml': `${text}\n` })).toEqual([found]);
  });

  it('may name the one registry', async () => {
    expect(
      await violationsOf({ 'pnpm-workspace.yaml': 'registries: {default: https://registry.npmjs.org/}\n' }),
    ).toEqual([]);
  });
});

describe('policy', () => {
  const policy = { allowedRegistries: ['https://registry.npmjs.org/', 'https://npm.example/'] };

  it('lets a scope use a second allowed registry, but not everything', async () => {
    expect(await violationsOf({ '.npmrc': '@s:registry=https://npm.example/' }, policy)).toEqual([]);
    expect(await violationsOf({ '.npmrc': 'registry=https://npm.example/' }, policy)).toEqual([
      'registry registry .npmrc:1',
    ]);
  });
});
