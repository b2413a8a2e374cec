// Entry of a thread that hashes files: a job comes in, its outcome goes out.
import { parentPort } from 'node:worker_threads';
import { runDigestJob, type DigestJob, type DigestOutcome } from './digest-job.ts';

/** What a thread sends: bytes read since the last message, or the outcome of the job. */
export type DigestMessage = { readonly read: number } | { readonly outcome: DigestOutcome };

/** Bytes between two messages about progress. */
const PROGRESS_BYTES = 32 * 1024 * 1024;

const port = parentPort;
port?.on('message', (job: DigestJob) => {
  let read = 0;
  const send = (message: DigestMessage): void => {
    port.postMessage(message);
  };
  const flush = (): void => {
    if (read > 0) send({ read });
    read = 0;
  };
  const onRead = (bytes: number): void => {
    read += bytes;
    if (read >= PROGRESS_BYTES) flush();
  };
  // A fault that is no refusal rejects, ends the thread and reaches the pool as its `error`.
  void runDigestJob(job, { onRead, blocking: true }).then((outcome) => {
    flush();
    send({ outcome });
  });
});
