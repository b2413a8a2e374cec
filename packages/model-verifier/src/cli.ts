// The program `model-verifier`.
import { processConsole } from './commands/console.ts';
import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2), processConsole());
