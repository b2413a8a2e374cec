// Preloaded into a process that is measured: writes its exit status and its peak memory, in bytes, to the file that the
// environment names, and ends it there. What a process does after its last handler is not measured: the SQLite module of
// a rival sometimes aborts then.
import { writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';

process.on('exit', (status) => {
  // A program that keeps its compiled code would do so now.
  flushCompileCache();
  writeFileSync(process.env.PEAK_MEMORY_FILE, `${status} ${process.resourceUsage().maxRSS * 1024}`);
  process.kill(process.pid, 'SIGKILL');
});
