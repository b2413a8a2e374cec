// A process that fetches the model `faces` and prints how that went: `fetcher.ts <lock> <port> <CA file> <retries>`.
// A limit on the size of files is an error of the write, not its end.
import { readFile } from 'node:fs/promises';
import { fetchModel } from '../source/fetch.ts';

const [lock = '', port = '', ca = '', retries = '0'] = process.argv.slice(2);
process.on('SIGXFSZ', () => undefined);
const rule = {
  host: 'models.test',
  port: Number(port),
  paths: ['/models/{name...}'],
  addresses: ['127.0.0.0/8'],
};
const answer = await fetchModel(
  lock,
  'faces',
  { policyVersion: 1, sources: [rule] },
  {
    ca: [await readFile(ca, 'utf8')],
    resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    retries: Number(retries),
  },
).catch((error: unknown) => error as Error & { readonly code?: string });
process.stdout.write(
  answer instanceof Error ? `${answer.name} ${answer.code ?? ''} ${answer.message}` : 'fetched',
);
process.exit(0);
