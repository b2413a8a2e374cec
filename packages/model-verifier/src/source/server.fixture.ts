// A real HTTPS server with a certificate authority of its own, whose answers a test writes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FetchOptions } from './fetch.ts';
import type { SourceRule } from './rule.ts';

export const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

interface Certificate {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

let made: Certificate | undefined;

/** A CA and a certificate of it for `models.test` and `cdn.test`, made once a process. */
export function certificate(): Certificate {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), 'model-verifier-ca-'));
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
  run('req', ...curve, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=models.test');
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=DNS:models.test,DNS:cdn.test\n');
  run(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'server.ext',
    '-out',
    'server.pem',
  );
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  made = { ca: read('ca.pem'), key: read('server.key'), cert: read('server.pem') };
  rmSync(folder, { recursive: true });
  return made;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  readonly port: number;
  /** `https://models.test:<port><path>` */
  readonly url: (path: string, host?: string) => string;
  /** A rule for `/models/{name...}` of this server. */
  readonly rule: SourceRule;
  /** Requests so far. */
  readonly requests: { readonly url: string; readonly range: string | undefined; readonly host: string }[];
  /** What every fetch from it needs: its CA, and its name resolved here. Fast failure. */
  readonly options: FetchOptions;
}

/** Starts a server that is gone after the test. */
export async function serve(handler: Handler): Promise<TestServer> {
  const { ca, key, cert } = certificate();
  const requests: TestServer['requests'] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const { url = '', headers } = request;
    requests.push({ url, range: headers.range, host: headers.host ?? '' });
    response.on('error', () => undefined);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (path, host = 'models.test') => `https://${host}:${port}${path}`,
    rule: { host: 'models.test', port, paths: ['/models/{name...}'], addresses: ['127.0.0.0/8'] },
    requests,
    options: {
      ca: [ca],
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
      retries: 0,
    },
  };
}
