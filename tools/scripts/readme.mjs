// Keeps a README true: runs its example, compares its Errors table with the exported codes, follows its links.
// Run in a project folder; a private project (the app) has no fixed headings and no exported codes.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { findBrokenLinks } from './links.mjs';
import { parseMarkdown } from './markdown.mjs';

const HEADINGS = [
  /^Install$/,
  /^What it guarantees\b/,
  /\bwhat it does not\b/i,
  /^API$/,
  /^Errors$/,
  /^Using it without the other packages$/,
  /^Compatibility$/,
  /^Licence$/,
];
const EXAMPLE = 'ts example';
/** The example is ended after this; `--timeout-ms` changes it. */
const DEFAULT_TIMEOUT_MS = '30000';

const { values } = parseArgs({
  options: { 'timeout-ms': { type: 'string', default: DEFAULT_TIMEOUT_MS } },
});
const timeoutMs = Number(values['timeout-ms']);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const readme = parseMarkdown(readFileSync('README.md', 'utf8'));
const problems = [
  ...findBrokenLinks('README.md'),
  ...(manifest.private ? [] : [...checkHeadings(), ...(await checkCodes())]),
];
for (const { text } of readme.fences.filter(({ info }) => info === EXAMPLE)) {
  const problem = await runExample(text);
  if (problem !== undefined) problems.push(problem);
}
for (const problem of problems) console.error(`${manifest.name} README.md: ${problem}`);
// An explicit exit, because importing the package may have opened something.
process.exit(problems.length === 0 ? 0 : 1);

function checkHeadings() {
  const titles = readme.headings.map(({ title }) => title);
  const missing = HEADINGS.filter((wanted) => !titles.some((title) => wanted.test(title))).map(
    (wanted) => `expected a heading like ${wanted}, found none`,
  );
  if (titles[0] !== manifest.name)
    missing.unshift(`expected the title "${manifest.name}", found "${titles[0]}"`);
  const examples = readme.fences.filter(({ info }) => info === EXAMPLE).length;
  if (examples !== 1) missing.push(`expected one fence marked "${EXAMPLE}", found ${examples}`);
  return missing;
}

async function checkCodes() {
  const entry = resolve('dist/index.js');
  if (!existsSync(entry)) return ['expected dist/index.js to read the error codes from; build first'];
  const tuples = Object.entries(await import(pathToFileURL(entry).href)).filter(([name]) =>
    /_ERROR_CODES$/.test(name),
  );
  if (tuples.length === 0) return ['expected the package to export a tuple named …_ERROR_CODES, found none'];
  const exported = new Set(tuples.flatMap(([, codes]) => codes));
  const documented = readme.tables
    .filter(({ heading }) => heading === 'Errors')
    .flatMap(({ rows }) => rows.flatMap(([first]) => /^`([^`]+)`$/.exec(first)?.[1] ?? []));
  const twice = documented.filter((code, index) => documented.indexOf(code) !== index);
  return [
    ...[...exported]
      .filter((code) => !documented.includes(code))
      .map((code) => `the Errors table lacks \`${code}\``),
    ...documented
      .filter((code) => !exported.has(code))
      .map((code) => `the package has no error code \`${code}\``),
    ...twice.map((code) => `the Errors table has \`${code}\` twice`),
  ];
}

/** Runs the example as a user would, in the package's folder: its own name leads to what was built. */
function runExample(code) {
  return new Promise((done) => {
    // A group of its own, so that an example that hangs goes together with the processes it started.
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-'], { detached: true });
    const output = { stdout: '', stderr: '' };
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    }, timeoutMs);
    for (const name of ['stdout', 'stderr']) child[name].on('data', (piece) => (output[name] += piece));
    child.once('close', (status, signal) => {
      clearTimeout(deadline);
      const seen = `${output.stdout}${output.stderr}`.trimEnd();
      if (late) done(`the example had not ended after ${timeoutMs} ms\n${seen}`);
      else if (status !== 0) done(`the example ended with ${signal ?? `exit status ${status}`}\n${seen}`);
      else if (output.stdout.trim() === '') done(`the example printed nothing\n${seen}`);
      else done(undefined);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(code);
  });
}
