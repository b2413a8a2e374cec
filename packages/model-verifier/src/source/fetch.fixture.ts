// A server, a lock with one model there, and a folder that has nothing of it yet.
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { CandidateFile, LockedFile } from '../lock/document.ts';
import { makeFolder } from '../sample-model.fixture.ts';
import { fetchModel, type FetchedModel, type FetchOptions } from './fetch.ts';
import type { SourceRule } from './rule.ts';
import { serve, type Handler, type TestServer } from './server.fixture.ts';

export const CONTENT = Buffer.alloc(300_000, 'model ');
export const hash = (data: Uint8Array, algorithm = 'sha256'): string =>
  createHash(algorithm).update(data).digest('hex');
export const PATH = 'faces/onnx/model.onnx';

export interface Scene {
  readonly server: TestServer;
  readonly root: string;
  readonly lockPath: string;
  readonly fetch: (options?: FetchOptions, rules?: readonly SourceRule[]) => Promise<FetchedModel>;
  /** What lies in quarantine, but for its lock file. */
  readonly quarantined: () => Promise<readonly string[]>;
}

/** A server, a lock with one model of one file there, and nothing downloaded yet. */
export async function scene(
  handler: Handler,
  more: Partial<LockedFile> = {},
  candidate?: Partial<CandidateFile>,
): Promise<Scene> {
  const server = await serve(handler);
  const root = await makeFolder();
  const lockPath = join(root, 'models.lock');
  const url = server.url('/models/r1/model.onnx');
  const entry = { licence: 'MIT', source: { type: 'url', url, revision: 'r1' } };
  const file = { path: PATH, role: 'model', bytes: CONTENT.length, sha256: hash(CONTENT), ...more };
  const document =
    candidate === undefined
      ? { lockfileVersion: 2, models: { faces: { ...entry, files: [file] } } }
      : {
          lockfileVersion: 2,
          models: {},
          candidates: { faces: { ...entry, files: [{ path: PATH, role: 'model', url, ...candidate }] } },
        };
  await writeFile(lockPath, JSON.stringify(document));
  return {
    server,
    root,
    lockPath,
    fetch: (options = {}, rules = [server.rule]) =>
      fetchModel(lockPath, 'faces', { policyVersion: 1, sources: rules }, { ...server.options, ...options }),
    quarantined: async () =>
      (await readdir(join(root, '.quarantine'))).filter((name) => name !== 'lock').sort(),
  };
}

export const send = (
  response: ServerResponse,
  body: Uint8Array,
  headers: Record<string, string | number> = {},
): void => {
  response.writeHead(200, { 'content-length': body.length, ...headers });
  response.end(body);
};
export const honest: Handler = (_, response) => {
  send(response, CONTENT);
};
