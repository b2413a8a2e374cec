// The same work for every server.

/** Keeps a core busy, as native code does: for so many milliseconds. */
export function spin(ms: number): number {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns;
}

/** What tinypool calls. */
export default spin;
