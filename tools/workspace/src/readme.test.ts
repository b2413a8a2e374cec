import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, '../../scripts/readme.mjs');
let folder: string;

const README = `# @sallyport/sample

## Install

\`\`\`ts example
import { writeFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { answer } from '@sallyport/sample';
const file: string = 'temp-example.mjs';
writeFileSync(file, 'console.log("child", ' + answer + ')');
console.log(spawnSync(process.execPath, [file], { encoding: 'utf8' }).stdout);
rmSync(file);
\`\`\`

## What it guarantees

See [the codes](#errors), [below](<#licence>) and the [manifest](package.json).

## What it does not

\`[no link](nowhere.md)\`

## API

## Errors

| code | meaning |
| ---- | ------- |
| \`ERR_SAMPLE_A\` | a |
| \`ERR_SAMPLE_B\` | b, as in \`ERR_OTHER\` |

## Using it without the other packages

## Compatibility

## Licence
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-readme-'));
  writeManifest({});
  mkdirSync(join(folder, 'dist'));
  writeFileSync(
    join(folder, 'dist/index.js'),
    "export const answer = 42; export const SAMPLE_ERROR_CODES = ['ERR_SAMPLE_A', 'ERR_SAMPLE_B'];",
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeManifest(more: Record<string, unknown>): void {
  const manifest = { name: '@sallyport/sample', type: 'module', exports: './dist/index.js', ...more };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}

function check(readme: string, ...args: string[]): { status: number | null; output: string } {
  writeFileSync(join(folder, 'README.md'), readme);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

/** The README with one piece exchanged, which must be there. */
function readmeWith(piece: string, replacement: string): string {
  expect(README).toContain(piece);
  return README.replace(piece, replacement);
}

const EXAMPLE = /```ts example[^]*?```/;
const withExample = (code: string): string => README.replace(EXAMPLE, `\`\`\`ts example\n${code}\n\`\`\``);

describe('the README check', { timeout: 60_000 }, () => {
  it('passes a README whose example imports the package by name and starts a child', () => {
    expect(check(README)).toEqual({ status: 0, output: '' });
  });

  it.each([
    ['an example that fails', withExample('throw new Error("broken example");'), 'broken example'],
    ['an example that exits with a status', withExample('console.log(1); process.exit(3);'), 'exit status 3'],
    [
      'an example that prints nothing',
      withExample('console.error("only here");'),
      'the example printed nothing',
    ],
    [
      'an example in another language',
      README.replace('ts example', 'ts'),
      'expected one fence marked "ts example", found 0',
    ],
    ['a second example', `${README}\n\`\`\`ts example\nconsole.log(1)\n\`\`\``, 'found 2'],
    ['a missing heading', readmeWith('## Compatibility', ''), 'Compatibility'],
    [
      'another title',
      readmeWith('# @sallyport/sample', '# Sample'),
      'expected the title "@sallyport/sample"',
    ],
    [
      'a code that is not documented',
      readmeWith('| `ERR_SAMPLE_B`', '| ERR_SAMPLE_B'),
      'the Errors table lacks `ERR_SAMPLE_B`',
    ],
    [
      'a code that does not exist',
      readmeWith('`ERR_SAMPLE_B` |', '`ERR_SAMPLE_C` |'),
      'no error code `ERR_SAMPLE_C`',
    ],
    [
      'a code documented twice',
      readmeWith('| `ERR_SAMPLE_B`', '| `ERR_SAMPLE_A` | again |\n| `ERR_SAMPLE_B`'),
      'twice',
    ],
    ['a link to no file', `${README}\n[gone](docs/gone.md)`, 'docs/gone.md leads nowhere'],
    ['a picture that is not there', `${README}\n<img alt="x" src="gone.png">`, 'gone.png leads nowhere'],
    ['a link to no heading', `${README}\n[gone](#gone)`, '#gone names no heading'],
  ])('fails %s and says so', (_, readme, message) => {
    const { status, output } = check(readme);
    expect(status).toBe(1);
    expect(output).toContain(message);
  });

  it('leaves links to other sites alone', () => {
    expect(check(`${README}\n[site](https://sallyport.invalid/x#y)`).status).toBe(0);
  });

  it('asks for a build when there is none', () => {
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(check(README).output).toContain('build first');
  });

  it('fails a package that exports no codes', () => {
    writeFileSync(join(folder, 'dist/index.js'), 'export const answer = 42;');
    expect(check(README).output).toContain('_ERROR_CODES, found none');
  });

  it('asks a private project for neither headings nor codes, but follows its links', () => {
    writeManifest({ private: true });
    expect(check('# The app\n')).toEqual({ status: 0, output: '' });
    expect(check('# The app\n[gone](gone.md)').status).toBe(1);
  });

  it('stops an example that hangs, together with the child it waits for', () => {
    const started = Date.now();
    const code =
      "import { spawn } from 'node:child_process'; console.log('up'); spawn('sleep', ['300'], { stdio: 'inherit' });";
    const { status, output } = check(withExample(code), '--timeout-ms', '1500');
    expect(status).toBe(1);
    expect(output).toContain('had not ended after');
    expect(Date.now() - started).toBeLessThan(20_000);
  });
});
