// A private certificate authority for one test run, made by the machine's own openssl: Node can sign, but not issue.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts: an authority, and a certificate that it issued for the names given. */
export interface Certificates {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

const PROGRAM = 'openssl';

/** Whether this machine can make certificates. */
export const hasOpenssl = spawnSync(PROGRAM, ['version']).status === 0;

/** Issues one server certificate, good for a day. */
export function issueCertificates(names: readonly string[]): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync(PROGRAM, args, { cwd: folder, stdio: 'pipe' });
  };
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '1',
      '-subj',
      '/CN=test authority',
    );
    openssl('req', ...key, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=test server');
    writeFileSync(path('names.cnf'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
    const issuer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1'];
    openssl('x509', '-req', '-in', 'request.pem', ...issuer, '-extfile', 'names.cnf', '-out', 'cert.pem');
    const read = (name: string): string => readFileSync(path(name), 'utf8');
    return { ca: read('ca.pem'), key: read('key.pem'), cert: read('cert.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
