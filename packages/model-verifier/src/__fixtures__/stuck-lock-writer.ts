// A process that is in the middle of writing a lock until it is killed: `stuck-lock-writer.ts <lock>`.
import { updateModelLock } from '../lock/update-file.ts';

await updateModelLock(process.argv[2] ?? '', async (document) => {
  process.send?.('writing');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
  return document;
});
