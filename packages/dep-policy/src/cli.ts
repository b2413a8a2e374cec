// The program `dep-policy`.
import { processConsole } from './commands/console.ts';
import { runProgram } from './program.ts';

process.exitCode = await runProgram(process.argv.slice(2), processConsole());
