import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildAdvisoryIndex } from './advisories/build-index.ts';
import { runProgram } from './program.ts';
import { EXIT_CODES } from './scan/report.ts';
import { npmEntry, osvRecord, pypiEntry } from './testing/osv.ts';
import { writeProject } from './testing/workspace.ts';
import { zipOf } from './testing/zip.ts';

/** Milliseconds in which every command has to be done with a small file. */
const DEADLINE = 10_000;

const RECORD = JSON.stringify(osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0')));

/** A project in which every command has what it needs. */
const PROJECT = {
  'package.json': { dependencies: { left: '1.0.0' } },
  'package-lock.json': {
    lockfileVersion: 3,
    packages: { '': { dependencies: { left: '1.0.0' } }, 'node_modules/left': { version: '1.0.0' } },
  },
  'requirements.txt': 'mxnet==1.9.1\n',
  'releases.json': { npm: { left: [{ version: '1.0.0' }, { version: '1.5.0' }] } },
  'in/.keep': '',
};

const SCAN = ['scan', '--db', 'db.index'];

const LOCKED = [...SCAN, '--lockfile', 'package-lock.json'];

const FIX = [
  'fix',
  '--db',
  'db.index',
  '--releases',
  'releases.json',
  '--write',
  '--lockfile',
  'package-lock.json',
];

/** Which file a stranger wrote, and the commands that read it. */
const SLOTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ...Object.fromEntries(
    [
      'package-lock.json',
      'npm-shrinkwrap.json',
      'pnpm-lock.yaml',
      'yarn.lock',
      'pylock.toml',
      'uv.lock',
      'poetry.lock',
      'pdm.lock',
      'Pipfile.lock',
      'requirements.txt',
    ].map((path) => [
      path,
      [
        [...SCAN, '--lockfile', path],
        ['check', '--lockfile', path, '--db', 'db.index'],
        ['pins', '--lockfile', path, '--write'],
        ['integrity', '--lockfile', path],
        ['verify', 'in', '--lockfile', path],
        ['updates', 'gate', '--lockfile', path],
      ],
    ]),
  ),
  'package.json': [
    FIX,
    ['pins', '--write'],
    ['pins'],
    ['integrity'],
    [...SCAN, '--lockfile', 'package.json'],
  ],
  Pipfile: [['pins', '--lockfile', 'requirements.txt'], ['integrity']],
  'pyproject.toml': [['pins', '--lockfile', 'requirements.txt'], ['integrity']],
  'pnpm-workspace.yaml': [['integrity'], ['pins'], FIX],
  '.npmrc': [['integrity']],
  'pip.conf': [['integrity']],
  'included.txt': [
    ['pins', '--lockfile', 'including.txt'],
    [...SCAN, '--lockfile', 'including.txt'],
  ],
  'dep-policy.json': [['check', '--db', 'db.index'], SCAN, ['ledger', 'status'], ['pins']],
  'dep-policy.yaml': [['check', '--db', 'db.index']],
  'a.ndjson': [
    ['scan', '--db', 'a.ndjson'],
    ['index', 'build', '--from', 'a.ndjson', '--out', 'out.index'],
  ],
  'a.json': [
    ['scan', '--db', 'a.json'],
    ['explain', 'GHSA-1:pkg:npm/left@1.0.0', '--db', 'a.json'],
  ],
  'a.zip': [
    ['scan', '--db', 'a.zip'],
    ['index', 'build', '--from', 'a.zip', '--out', 'out.index'],
  ],
  'a.index': [
    ['scan', '--db', 'a.index'],
    ['index', 'info', 'a.index'],
  ],
  'db/a.json': [['scan', '--db', 'db']],
  'epss.csv': [[...SCAN, '--epss', 'epss.csv']],
  'epss.csv.gz': [[...SCAN, '--epss', 'epss.csv.gz']],
  'kev.json': [[...SCAN, '--kev', 'kev.json']],
  'vex.json': [[...SCAN, '--vex', 'vex.json']],
  'base.json': [[...SCAN, '--base', 'base.json']],
  'report.json': [['explain', 'GHSA-1:pkg:npm/left@1.0.0', '--db', 'db.index', '--report', 'report.json']],
  'known.json': [['fix', '--db', 'db.index', '--releases', 'known.json', '--write']],
  'in/left-1.0.0.tgz': [['verify', 'in', '--lockfile', 'package-lock.json']],
  'in/mxnet-1.9.1-py3-none-any.whl': [
    ['verify', 'in', '--lockfile', 'requirements.txt'],
    ['pins', '--lockfile', 'requirements.txt', '--hashed', 'hashed.txt', '--artifacts', 'in'],
  ],
  'dep-policy.ledger.jsonl': [
    ['ledger', 'status'],
    ['ledger', 'verify'],
    ['check', '--db', 'db.index', '--record'],
  ],
  'dep-policy.updates.jsonl': [
    ['updates', 'history'],
    ['updates', 'gate'],
  ],
  'proposal/package-lock.json': [
    [
      ...['updates', 'stage', '--proposal', 'proposal', '--reason', 'why', '--approver', 'ops'],
      ...['--db', 'db.index', '--releases', 'releases.json', '--policy', 'tested.json'],
    ],
  ],
};

const DEEP = 20_000;

/** What is in the file. */
const CONTENTS: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'white space': ' \r\n\t\n',
  'a byte order mark': '\uFEFF',
  'bytes that are no UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x22, 0xc0, 0x0a]),
  'NUL bytes': '\0'.repeat(1000),
  null: 'null',
  'a number': '1e400',
  'a list': '[null, 1, {"a": [[]]}]',
  'half an object': '{"lockfileVersion": 3, "packages": {"": {"depen',
  'the key __proto__': '{"__proto__": {"version": 1}, "packages": {"__proto__": {"version": "1"}}}',
  'the key twice': '{"version": 1, "version": 2, "lockfileVersion": 3, "lockfileVersion": 1}',
  'objects of the wrong kind':
    '{"lockfileVersion": 3, "packages": {"node_modules/left": null, "": 7}, "version": [], "default": 3, "findings": [null], "vulnerabilities": [0], "statements": {}, "npm": {"left": 4}, "affected": {"0": 1}, "id": {}}',
  'an alias of YAML': 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nversion: *c\n',
  'brackets in brackets': '['.repeat(DEEP),
  'objects in objects': '{"a":'.repeat(DEEP),
  'closed brackets in brackets': `{"packages": ${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  'tables in tables': `[${'a.'.repeat(DEEP)}a]\nb = ${'['.repeat(DEEP)}${']'.repeat(DEEP)}\n`,
  'folders in folders of YAML': Array.from({ length: 500 }, (_none, depth) => `${' '.repeat(depth)}a:`).join(
    '\n',
  ),
  'one long line': 'x'.repeat(1_100_000),
  'one long key': `{"${'x'.repeat(1_100_000)}": 1}`,
  'many quotes': '"'.repeat(50_001),
  'many backslashes': `{"a": "${'\\'.repeat(50_001)}`,
  'many lines': 'a:\n'.repeat(5_000),
  'many colons': `${'a:'.repeat(20_000)}\n`,
  'one line again and again': 'left==1.0.0\n'.repeat(5000),
  'a long run of white space': `left==1.0.0${' '.repeat(150_000)}x`,
  'quotes behind backslashes in a key': `${'a.'.repeat(40)}"${'\\"'.repeat(75_000)} = 1`,
  'fields that go on and on': JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { left: `^1${' '.repeat(100_000)}x`, right: `npm:${'@/'.repeat(50_000)}` } },
      'node_modules/left': {
        version: `1.0.0-${'0.'.repeat(50_000)}`,
        resolved: `https://registry.npmjs.org/${'/-/'.repeat(30_000)}`,
        integrity: `sha512-${'A='.repeat(50_000)} ${' '.repeat(100_000)}x`,
        license: `a${' '.repeat(100_000)}b`,
      },
    },
  }),
  'half a gzip': gzipSync(`cve,epss,percentile\n${'CVE-2026-1,0.5,0.5\n'.repeat(5000)}`).subarray(0, 90),
  'a damaged gzip': damaged(gzipSync(`cve,epss,percentile\n${RECORD.repeat(50)}`)),
  'half a zip': zipOf({ 'a.json': RECORD, 'b.json': RECORD }).subarray(0, 300),
  'a damaged zip': damaged(zipOf({ 'a.json': RECORD, 'b.json': RECORD, 'c.json': RECORD })),
  'a zip that ends early': zipOf({ 'a.json': RECORD, 'b.json': RECORD }).subarray(0, -30),
};

/** A byte in the middle is another one. */
function damaged(bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 2);
  return Buffer.concat([
    bytes.subarray(0, middle),
    Buffer.from([bytes[middle]! ^ 0xff]),
    bytes.subarray(middle + 1),
  ]);
}

interface Ended {
  readonly status: number | 'never';
  readonly stdout: string;
  readonly stderr: string;
}

async function run(words: readonly string[]): Promise<Ended> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const started = performance.now();
  const status = await Promise.race([
    runProgram(words, {
      print: (line) => stdout.push(line),
      complain: (line) => stderr.push(line),
      progress: () => undefined,
    }),
    new Promise<'never'>((resolve) => (timer = setTimeout(resolve, DEADLINE, 'never'))),
  ]);
  clearTimeout(timer);
  // A timer cannot end what never lets go of the thread.
  const isLate = performance.now() - started > DEADLINE;
  return { status: isLate ? 'never' : status, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
}

const DOCUMENTED: readonly (number | string)[] = Object.values(EXIT_CODES).filter(
  (code) => code !== EXIT_CODES.internal,
);

/** What is wrong with the way a command has ended. */
function faultOf({ status, stdout, stderr }: Ended, root: string): string | undefined {
  if (!DOCUMENTED.includes(status)) return `status ${status}: ${stderr}`;
  if (/^\s+at /m.test(stderr + stdout)) return `a stack: ${stderr}`;
  if (stderr.includes(root) || stdout.includes(root)) return `a path of this machine: ${stderr}`;
  // Up to a hundred records that could not be read are named.
  if (stderr.split('\n').some((line) => line.length > 1000)) return `${stderr.length} characters on stderr`;
  return undefined;
}

/** Runs every command of a slot, in turns for people and for programs. */
async function faultsOf(
  root: string,
  commands: readonly (readonly string[])[],
  turn: number,
): Promise<string[]> {
  const before = process.cwd();
  process.chdir(root);
  try {
    const faults: string[] = [];
    for (const [index, words] of commands.entries()) {
      const form = (index + turn) % 2 === 0 ? ['--json'] : [];
      const ended = await run([...words, ...form]);
      const fault = faultOf(ended, root) ?? (form.length > 0 ? jsonFault(ended) : undefined);
      if (fault !== undefined) faults.push(`${[...words, ...form].join(' ')}: ${fault}`);
    }
    return faults;
  } finally {
    process.chdir(before);
  }
}

function jsonFault({ status, stdout }: Ended): string | undefined {
  if (status === EXIT_CODES.usage && stdout === '') return undefined;
  try {
    JSON.parse(stdout);
    return undefined;
  } catch {
    return `no JSON on stdout: ${stdout.slice(0, 100)}`;
  }
}

let shared: string;

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'dep-policy-hostile-'));
  const other = JSON.stringify(osvRecord('PYSEC-1', pypiEntry('other', 'introduced', '0')));
  await writeFile(join(shared, 'db.ndjson'), `${RECORD}\n${other}\n`);
  await buildAdvisoryIndex({ from: [join(shared, 'db.ndjson')], out: join(shared, 'db.index') });
  return () => rm(shared, { recursive: true, force: true });
});

async function projectWith(path: string): Promise<string> {
  const root = await writeProject({
    ...PROJECT,
    'including.txt': '-r included.txt\nmxnet==1.9.1\n',
    'tested.json': { version: 1, lockfiles: ['package-lock.json'], test: ['true'] },
  });
  await copyFile(join(shared, 'db.index'), join(root, 'db.index'));
  await mkdir(dirname(join(root, path)), { recursive: true });
  await rm(join(root, path), { force: true });
  return root;
}

describe.each(Object.entries(SLOTS))('a stranger who writes %s', (path, commands) => {
  it('brings no command to a crash, whatever is in it', async () => {
    const faults: string[] = [];
    const root = await projectWith(path);
    for (const [turn, [what, content]] of Object.entries(CONTENTS).entries()) {
      await writeFile(join(root, path), content);
      faults.push(...(await faultsOf(root, commands, turn)).map((fault) => `${what}: ${fault}`));
    }
    expect(faults).toEqual([]);
  }, 120_000);

  it('brings none to a crash or a wait with a folder, a pipe, or links in its place', async () => {
    const faults: string[] = [];
    const places: Readonly<Record<string, (at: string) => Promise<unknown>>> = {
      'a folder': (at) => mkdir(join(at, 'inside'), { recursive: true }),
      'a pipe': (at) => Promise.resolve(spawnSync('mkfifo', [at])),
      'a link to itself': (at) => symlink(at, at),
      'a link to nothing': (at) => symlink('gone', at),
      'a link to a device': (at) => symlink('/dev/zero', at),
    };
    for (const [turn, [what, put]] of Object.entries(places).entries()) {
      const root = await projectWith(path);
      await put(join(root, path));
      const found = await faultsOf(root, commands, turn);
      faults.push(...found.map((fault) => `${what}: ${fault}`));
      // Whoever waits for a writer after all has one now.
      if (what === 'a pipe' && found.length > 0)
        closeSync(openSync(join(root, path), constants.O_RDWR | constants.O_NONBLOCK));
    }
    expect(faults).toEqual([]);
  }, 120_000);
});

describe('a byte order mark and the line ends of Windows', () => {
  it.each([
    ['package-lock.json', LOCKED, 1],
    ['package.json', ['pins', '--lockfile', 'package-lock.json'], 0],
    ['requirements.txt', [...SCAN, '--lockfile', 'requirements.txt'], 0],
    ['kev.json', [...LOCKED, '--kev', 'kev.json'], 1],
    ['epss.csv', [...LOCKED, '--epss', 'epss.csv'], 1],
    ['vex.json', [...LOCKED, '--vex', 'vex.json'], 0],
    ['dep-policy.json', SCAN, 1],
    ['a.json', ['scan', '--db', 'a.json', '--lockfile', 'package-lock.json'], 1],
    [
      'known.json',
      ['fix', '--db', 'db.index', '--releases', 'known.json', '--lockfile', 'package-lock.json'],
      1,
    ],
  ] as const)('change nothing in %s', async (path, words, expected) => {
    const files: Readonly<Record<string, string | object>> = {
      ...PROJECT,
      'kev.json': { vulnerabilities: [{ cveID: 'CVE-2026-9' }] },
      'epss.csv': '#model\ncve,epss,percentile\nCVE-2026-9,0.5,0.5\n',
      'vex.json': {
        '@context': 'https://openvex.dev/ns/v0.2.0',
        author: 'ops',
        timestamp: '2026-01-01T00:00:00Z',
        statements: [
          {
            vulnerability: { name: 'GHSA-1' },
            products: [{ '@id': 'pkg:npm/left' }],
            status: 'not_affected',
            justification: 'component_not_present',
          },
        ],
      },
      'dep-policy.json': { version: 1, lockfiles: ['package-lock.json'] },
      'a.json': JSON.parse(RECORD) as object,
      'known.json': { npm: { left: [{ version: '1.5.0' }] } },
    };
    const statuses = [];
    for (const isWindows of [false, true]) {
      const root = await writeProject(files);
      await copyFile(join(shared, 'db.index'), join(root, 'db.index'));
      const text = await readFile(join(root, path), 'utf8');
      if (isWindows) await writeFile(join(root, path), `\uFEFF${text.replaceAll('\n', '\r\n')}`);
      const before = process.cwd();
      process.chdir(root);
      const { status, stderr } = await run(words);
      process.chdir(before);
      statuses.push({ status, stderr });
    }
    expect(statuses).toEqual([
      { status: expected, stderr: '' },
      { status: expected, stderr: '' },
    ]);
  });
});
