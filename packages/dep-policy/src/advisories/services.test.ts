import { describe, expect, it } from 'vitest';
import { npmEntry, osvRecord, pypiEntry } from '../testing/osv.ts';
import { sendJson, startService } from '../testing/service.ts';
import { matchAdvisory } from './match.ts';
import { scanDependencies } from '../scan/scan.ts';
import { writeProject } from '../testing/workspace.ts';
import { npmBulk } from './npm-bulk.ts';
import { npmRangeEvents } from './npm-range.ts';
import { osvApi } from './osv-api.ts';

const RECORDS = new Map(
  [
    osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '2.0.0')),
    osvRecord('GHSA-2', npmEntry('left', 'introduced', '1.0.0')),
    osvRecord('PYSEC-1', pypiEntry('right', 'introduced', '0')),
  ].map((record) => [record['id'] as string, record]),
);

const left = { ecosystem: 'npm', name: 'left', versions: ['1.5.0'] } as const;
const right = { ecosystem: 'PyPI', name: 'right', versions: ['1.0'] } as const;

describe('the OSV API', () => {
  it('is asked for every record of every package, page by page', async () => {
    const { url, requests } = await startService(({ path, body }, response) => {
      if (path !== '/v1/querybatch') {
        sendJson(response, RECORDS.get(path.replace('/v1/vulns/', '')));
        return;
      }
      const { queries } = body as { queries: { package: { name: string }; page_token?: string }[] };
      const results = queries.map(({ package: { name }, page_token: token }) => {
        if (name === 'right') return { vulns: [{ id: 'PYSEC-1' }] };
        if (name !== 'left') return {};
        return token === 'two'
          ? { vulns: [{ id: 'GHSA-2' }] }
          : { vulns: [{ id: 'GHSA-1' }], next_page_token: 'two' };
      });
      sendJson(response, { results });
    });
    const found = await osvApi({ url }).advisoriesFor([left, right, { ...left, name: 'none' }]);
    expect(found.map(({ id }) => id)).toEqual(['GHSA-1', 'GHSA-2', 'PYSEC-1']);
    expect(requests[0]?.body).toMatchObject({
      queries: [{ package: { ecosystem: 'npm', name: 'left' } }, { package: { ecosystem: 'PyPI' } }, {}],
    });
    expect(requests[1]?.body).toMatchObject({ queries: [{ page_token: 'two' }] });
  });

  it('is asked again when it is busy, and then believed', async () => {
    let calls = 0;
    const { url } = await startService((_, response) => {
      calls += 1;
      if (calls === 1) response.writeHead(429, { 'retry-after': '0' }).end();
      else if (calls === 2) response.writeHead(503).end();
      else sendJson(response, { results: [{}] });
    });
    expect(await osvApi({ url }).advisoriesFor([left])).toEqual([]);
    expect(calls).toBe(3);
  });

  it.each([
    ['a fault of the service', 500, {}],
    ['a refusal', 403, {}],
    ['an answer for fewer packages', 200, { results: [] }],
    ['a document of another form', 200, []],
    ['a record without an id', 200, { results: [{ vulns: [{}] }] }],
  ])('is not believed with %s', async (_, status, answer) => {
    const { url } = await startService((__, response) => {
      sendJson(response, answer, status);
    });
    await expect(osvApi({ url }).advisoriesFor([left])).rejects.toMatchObject({ code: 'ERR_DEP_NETWORK' });
  });

  it('is not followed elsewhere', async () => {
    const { url } = await startService((_, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    });
    await expect(osvApi({ url }).advisoriesFor([left])).rejects.toMatchObject({ code: 'ERR_DEP_NETWORK' });
  });

  it('has a deadline', async () => {
    const { url } = await startService(() => undefined);
    await expect(osvApi({ url, timeoutInMs: 50 }).advisoriesFor([left])).rejects.toMatchObject({
      code: 'ERR_DEP_NETWORK',
    });
  });

  it('is let go of when the caller says so', async () => {
    const { url } = await startService(() => undefined);
    const signal = AbortSignal.timeout(50);
    await expect(osvApi({ url }).advisoriesFor([left], { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it.each(['http://example.org', 'https://user:pass@example.org', 'file:///etc/passwd', 'x'])(
    'is not asked at %s',
    (url) => {
      expect(() => osvApi({ url })).toThrow(expect.objectContaining({ code: 'ERR_DEP_POLICY' }));
    },
  );
});

describe('the bulk endpoint of npm', () => {
  const answerWith = async (list: unknown) => {
    const service = await startService((_, response) => {
      sendJson(response, { left: list });
    });
    return { ...service, source: npmBulk({ url: service.url }) };
  };

  it('gives ranges that are matched like any other record', async () => {
    const entry = {
      id: 1,
      url: 'https://github.com/advisories/GHSA-xcpc-8h2w-3j85',
      title: 'A hole',
      severity: 'high',
      vulnerable_versions: '>=1.0.0 <1.6.0 || =3.0.0',
      cvss: { score: 0, vectorString: null },
    };
    const { source, requests } = await answerWith([entry]);
    const [advisory] = await source.advisoriesFor([left]);
    expect(requests[0]?.body).toEqual({ left: ['1.5.0'] });
    expect(advisory).toMatchObject({ id: 'GHSA-xcpc-8h2w-3j85', severity: { rating: 'high' } });
    const states = ['1.5.0', '1.6.0-rc.1', '1.6.0', '3.0.0', '3.0.1'].map(
      (version) => matchAdvisory({ ...left, version }, advisory!).state,
    );
    expect(states).toEqual(['affected', 'affected', 'unaffected', 'affected', 'unaffected']);
  });

  it('gives a range that cannot be read as one that cannot be evaluated', async () => {
    const { source } = await answerWith([{ id: 1, vulnerable_versions: 'before noon' }]);
    const [advisory] = await source.advisoriesFor([left]);
    expect(matchAdvisory({ ...left, version: '1.5.0' }, advisory!).state).toBe('unevaluable');
  });

  it('lets no word of severity be undone by a score of 0', async () => {
    const vectorString = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N';
    const entry = { id: 1, vulnerable_versions: '*', severity: 'critical', cvss: { score: 0, vectorString } };
    const { source } = await answerWith([entry]);
    expect(await source.advisoriesFor([left])).toMatchObject([{ severity: { rating: 'critical' } }]);
  });

  it('is not asked about a package at a version that is not known, whatever other versions are', async () => {
    const { source } = await answerWith([]);
    for (const unknown of [
      { ...left, versions: [] },
      { ...left, isPartlyUnknown: true },
    ]) {
      await expect(source.advisoriesFor([unknown])).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
    }
    const graph = {
      'node_modules/left': { version: '1.5.0' },
      'node_modules/up': { version: '1.0.0', dependencies: { left: '1' } },
      'node_modules/up/node_modules/left': { resolved: 'https://registry.npmjs.org/left/-/left-1.tgz' },
    };
    const root = await writeProject({ 'package-lock.json': { lockfileVersion: 3, packages: graph } });
    const scan = scanDependencies({ root, lockfiles: ['package-lock.json'], advisories: source });
    await expect(scan).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
    expect(await source.advisoriesFor([{ ...left, isPartlyUnknown: false }])).toEqual([]);
  });

  it('is not asked about Python', async () => {
    const { source } = await answerWith([]);
    await expect(source.advisoriesFor([left, right])).rejects.toMatchObject({ code: 'ERR_DEP_ADVISORIES' });
  });
});

it.each([
  ['*', [['introduced', '0']]],
  ['<1.2.3', [['introduced', '0', 'fixed', '1.2.3']]],
  ['>2.1.0', [['introduced', '2.1.1-0']]],
  ['>1.0.0-rc.1', [['introduced', '1.0.0-rc.1.0']]],
  ['<=4.17.20', [['introduced', '0', 'last_affected', '4.17.20']]],
  ['1.2.3', [['introduced', '1.2.3', 'last_affected', '1.2.3']]],
  [
    '>= 1.0.0 < 2.0.0 || >= 3.0.0 < 3.1.0',
    [
      ['introduced', '1.0.0', 'fixed', '2.0.0'],
      ['introduced', '3.0.0', 'fixed', '3.1.0'],
    ],
  ],
])('turns the range %s of npm into events', (text, expected) => {
  const found = npmRangeEvents(text)?.map((events) => events.flatMap(({ kind, version }) => [kind, version]));
  expect(found).toEqual(expected);
});
