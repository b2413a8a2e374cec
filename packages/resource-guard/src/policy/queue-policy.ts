import type { FairQueue } from '../admission/fair-queue.ts';
import type { Policy } from './policy.ts';

/** Does the work when a queue gives it a place, and keeps the place until the work has ended, well or badly. */
export function queuePolicy(queue: FairQueue): Policy {
  return {
    async execute({ key, priority, costMb, deadlineMs, signal }, work) {
      const place = await queue.enter({ key, priority, costMb, deadlineMs, signal });
      try {
        return await work();
      } finally {
        place.release();
      }
    },
  };
}
