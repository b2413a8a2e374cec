// The program with settings that no flag can change, for tests: `node run-cli.ts '{"worker":…,"root":…}' analyze …`.
import { runCli, type RunOverrides } from '../cli.ts';
import { exitOnSignals } from '../signals.ts';

const [settings, ...argv] = process.argv.slice(2);
const { worker, ...rest } = JSON.parse(settings ?? '{}') as Omit<RunOverrides, 'worker'> & {
  worker?: string;
};
const overrides: RunOverrides = { ...rest, ...(worker !== undefined && { worker: new URL(worker) }) };
exitOnSignals();
process.exitCode = await runCli(argv, { overrides });
