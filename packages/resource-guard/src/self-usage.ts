// What a process knows of its own use, without /proc where there is none.

/** Memory in use now, in bytes; the highest ever where the present cannot be read. */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return peakBytes();
  }
}

/** Highest memory in use since the process was started, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** CPU time since the process was started, all threads, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A clock that all threads of a process share, in milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
