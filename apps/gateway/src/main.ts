// The program `sallyport`.
import { runCli } from './cli.ts';
import { exitOnSignals } from './signals.ts';

exitOnSignals();
process.exitCode = await runCli(process.argv.slice(2));
