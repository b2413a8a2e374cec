// A process that appends records and tells each acknowledged one: `journal-writer.ts <journal> <model> <count>`.
import { openJournal } from '../journal/journal.ts';
import { loadStatement } from '../journal/statement.ts';

const [path = '', model = '', count = '0'] = process.argv.slice(2);
const journal = openJournal(path, { waitMs: 60_000 });
for (let index = 0; index < Number(count); index++) {
  const files = [{ path: `${model}/${index}`, sha256: '0'.repeat(64) }];
  const at = new Date().toISOString();
  const statement = loadStatement({
    model,
    files,
    lockDigest: `sha256:${'0'.repeat(64)}`,
    mode: 'bytes',
    at,
  });
  const { seq, digest } = await journal.append([{ event: 'load', model, statement }]);
  process.stdout.write(`${JSON.stringify({ seq, digest })}\n`);
}
