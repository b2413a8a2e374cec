// `npm test`: set up, run every check through Nx, and close with one line that counts them all.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root, run } from './run.mjs';
import { say, setUp } from './setup.mjs';
import { installSystemPackages } from './system-packages.mjs';

const CHECKS = ['lint', 'typecheck', 'api', 'package', 'readme', 'knip', 'format', 'commits'];

// Whatever stops the set-up, the last line counts it.
const stopped = () => console.log('0 passed, 1 failed');
process.once('exit', stopped);
await setUp();
installSystemPackages(say);
process.off('exit', stopped);

say('Running every check.');
// What an earlier run reported must not count; Nx puts back the reports that still hold.
const projects = findTestedProjects();
for (const project of projects) rmSync(join(project, 'reports'), { recursive: true, force: true });
const started = Date.now();
let output = '';
const status = await run(
  'nx',
  ['run-many', '-t', 'test', ...CHECKS, '--output-style=static', '--nx-bail=false', '--parallel=2'],
  (piece) => (output += piece),
);

const tests = countTests();
const checks = countChecks(output, status);
for (const title of tests.skippedTitles) console.log(`skipped: ${title}`);
console.log(
  `${tests.passed} tests and ${checks.passed} checks (${CHECKS.join(', ')}) passed in ${Math.round((Date.now() - started) / 1000)} s.`,
);
// Nx may fail for a reason that no task carries (a project out of sync, say): never count that as nothing.
const failed = tests.failed + checks.failed || (status === 0 ? 0 : 1);
const skipped = tests.skippedTitles.length > 0 ? `, ${tests.skippedTitles.length} skipped` : '';
console.log(`${tests.passed + checks.passed} passed, ${failed} failed${skipped}`);
process.exitCode = status === 0 && failed === 0 ? 0 : 1;

function findTestedProjects() {
  return ['packages', 'apps', 'tools']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((project) => existsSync(join(project, 'vitest.config.ts')));
}

/** Sums the reports that the test runs left, fresh or restored from Nx's cache. */
function countTests() {
  const sum = { passed: 0, failed: 0, skippedTitles: [] };
  for (const project of projects) {
    const path = join(project, 'reports', 'vitest.json');
    if (!existsSync(path)) {
      console.log(`no test report: ${relative(root, project)}`);
      sum.failed += 1;
      continue;
    }
    const report = JSON.parse(readFileSync(path, 'utf8'));
    sum.passed += report.numPassedTests;
    // A file that could not be loaded has no tests to count, and must not pass unseen.
    const broken = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0);
    sum.failed += report.numFailedTests + broken.length;
    for (const { assertionResults } of report.testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status !== 'passed' && status !== 'failed')
          sum.skippedTitles.push(`${basename(project)}: ${fullName}`);
      }
    }
  }
  return sum;
}

/** Counts the checks that are not test runs: those that Nx started, less those that it lists as failed or not run. */
function countChecks(text, status) {
  const plain = stripVTControlCharacters(text).replaceAll('\r', '');
  const started = [...plain.matchAll(/^> nx run (\S+)/gm)].map((match) => match[1]);
  const from = plain.search(/^(?:Failed tasks|Tasks not run)/m);
  const failed = from < 0 ? [] : [...plain.slice(from).matchAll(/^- (\S+:\S+)$/gm)].map((match) => match[1]);
  const passed = new Set(started.filter((task) => isCheck(task) && !failed.includes(task)));
  const failures = failed.filter((task) => isCheck(task) || status === 0).length;
  return { passed: passed.size, failed: failures };
}

function isCheck(task) {
  return CHECKS.includes(task.slice(task.lastIndexOf(':') + 1));
}
