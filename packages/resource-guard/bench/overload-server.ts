// One server of the bench, in a process of its own: the same work in the same number of processes, another way to let
// requests in. Its argument is the name of that way; it tells its parent its port.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createGuard, type QueueOptions } from '../src/index.ts';

const require = createRequire(new URL('./peers/package.json', import.meta.url));
const TASKS = new URL('./overload-tasks.ts', import.meta.url);
const WORKERS = 2;
const RUN_MS = 15;
const DEADLINE_MS = 1000;

type Run = () => Promise<unknown>;

type TinypoolClass = new (options: object) => { run(input: number): Promise<unknown> };

type QueueClass = new (options: { concurrency: number }) => { add<T>(work: () => Promise<T>): Promise<T> };

type TimeOut = <T>(work: Promise<T>, options: { milliseconds: number }) => Promise<T>;

interface App {
  register(plugin: unknown, options: object): Promise<void>;
  addContentTypeParser(type: string, options: object, parse: object): void;
  post(path: string, answer: () => Promise<string>): void;
  listen(options: { port: number; host: string }): Promise<string>;
  readonly server: { address(): AddressInfo };
}

async function importPeer(name: string): Promise<Record<string, unknown>> {
  return (await import(require.resolve(name))) as Record<string, unknown>;
}

/** p-queue in front of as many processes as it lets requests through. */
async function queued(): Promise<Run> {
  const { default: Tinypool } = (await importPeer('tinypool')) as { default: TinypoolClass };
  const { default: PQueue } = (await importPeer('p-queue')) as { default: QueueClass };
  const options = { runtime: 'child_process', minThreads: WORKERS, maxThreads: WORKERS };
  const pool = new Tinypool({ filename: fileURLToPath(TASKS), ...options });
  await Promise.all(Array.from({ length: WORKERS }, () => pool.run(1)));
  const queue = new PQueue({ concurrency: WORKERS });
  return () => queue.add(() => pool.run(RUN_MS));
}

async function timedOut(): Promise<Run> {
  const run = await queued();
  const { default: pTimeout } = (await importPeer('p-timeout')) as { default: TimeOut };
  return () => pTimeout(run(), { milliseconds: DEADLINE_MS });
}

async function readAll(request: IncomingMessage): Promise<void> {
  request.resume();
  await once(request, 'end');
}

function afterBody(run: Run): RequestListener {
  return (request, response) => {
    readAll(request)
      .then(run)
      .then(
        () => response.end('ok'),
        () => response.writeHead(503, { 'Retry-After': '1' }).end(),
      );
  };
}

async function guarded(queue: QueueOptions, queueTimeoutMs: number): Promise<RequestListener> {
  const guard = await createGuard({
    ...{ script: TASKS, workers: WORKERS, spare: 1 },
    ...{ queue, limits: { queueTimeoutMs } },
  });
  return (request, response) => {
    const key = request.headers['x-key'];
    const admission = guard.admit(typeof key === 'string' ? { key } : {});
    if (!admission.ok) {
      response.writeHead(admission.status, admission.headers).end();
      return;
    }
    const { ticket } = admission;
    readAll(request)
      .then(() => guard.run('spin', RUN_MS, { ticket }))
      .then(
        () => response.end('ok'),
        () => {
          ticket.release();
          response.writeHead(503, { 'Retry-After': '1' }).end();
        },
      );
  };
}

/** @returns the port. */
async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function listenUnderPressure(): Promise<number> {
  const { fastify } = (await importPeer('fastify')) as { fastify: () => App };
  const { default: underPressure } = await importPeer('@fastify/under-pressure');
  const run = await queued();
  const app = fastify();
  await app.register(underPressure, { maxEventLoopDelay: 100, maxEventLoopUtilization: 0.98, retryAfter: 1 });
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    (_: unknown, body: unknown, done: (error: null, body: unknown) => void) => {
      done(null, body);
    },
  );
  app.post('/', async () => {
    await run();
    return 'ok';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server.address().port;
}

const servers: Readonly<Record<string, () => Promise<number>>> = {
  'resource-guard': async () => listen(await guarded({ max: WORKERS }, 60)),
  // A longer line, of which no key can have more than a little.
  'resource-guard, in turns': async () => listen(await guarded({ max: 8 * WORKERS, perKey: 2 }, 500)),
  'p-queue': async () => listen(afterBody(await queued())),
  'p-queue + p-timeout': async () => listen(afterBody(await timedOut())),
  'fastify + under-pressure': listenUnderPressure,
};

// A guard's own processes notice by themselves; those of the pools are in this process's group.
process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.(process.memoryUsage.rss()));
process.send?.(await servers[process.argv[2]!]!());
