// Runs the program, then lists on stderr the native libraries that its own process has loaded. Linux only.
import { readFileSync } from 'node:fs';
import { runCli } from '../cli.ts';

process.exitCode = await runCli(process.argv.slice(2));
const mapped = readFileSync('/proc/self/maps', 'utf8').matchAll(/\S+\/([^/\s]+(?:\.node|\.so[.\d]*))$/gm);
process.stderr.write(`${JSON.stringify([...new Set([...mapped].map((match) => match[1]))])}\n`);
