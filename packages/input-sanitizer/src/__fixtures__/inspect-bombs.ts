// Run as a program with --expose-gc: inspects every bomb and prints by how many bytes the process grew at most.
import { inspectImage } from '../header.ts';
import { identifyImage } from '../identify.ts';
import { BOMBS } from './bombs/index.ts';

let growth = 0;
for (const { make } of BOMBS) {
  const bytes = make();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  for (const look of [inspectImage, identifyImage]) {
    try {
      look(bytes);
    } catch {
      // Whether it is refused is tested elsewhere.
    }
  }
  growth = Math.max(growth, process.memoryUsage.rss() - before);
}
process.stdout.write(String(growth));
