// A process that appends records of the given sizes in one step and prints how that went:
// `journal-batch-writer.ts <journal> <bytes...>`. A limit on the size of files is an error of the write, not its end.
import { openJournal } from '../journal/journal.ts';
import { loadStatement } from '../journal/statement.ts';

const [path = '', ...sizes] = process.argv.slice(2);
process.on('SIGXFSZ', () => undefined);
const at = new Date().toISOString();
const entries = sizes.map((size, index) => {
  const model = `batch-${index}`;
  const files = [{ path: 'x'.repeat(Number(size)), sha256: '0'.repeat(64) }];
  const load = { model, files, lockDigest: `sha256:${'0'.repeat(64)}`, mode: 'bytes', at } as const;
  return { event: 'load', model, statement: loadStatement(load) } as const;
});
const answer = await openJournal(path)
  .append(entries)
  .catch((error: unknown) => error as Error & { readonly code: string });
process.stdout.write(answer instanceof Error ? answer.code : 'appended');
process.exit(0);
