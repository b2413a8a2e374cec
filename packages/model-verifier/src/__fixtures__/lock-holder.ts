// A process that takes a lock file, says so, and keeps it until it is killed: `lock-holder.ts <path>`.
import { withExclusive } from '../exclusive.ts';

await withExclusive(process.argv[2] ?? '', { waitMs: 0 }, async () => {
  process.send?.('held');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
