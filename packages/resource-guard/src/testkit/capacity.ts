import { generateLoad, type LoadOptions, type LoadReport } from './load.ts';

/** How a server is loaded; see {@link LoadOptions}. */
export type CapacityOptions = Omit<LoadOptions, 'perSecond'>;

/** What a server can do at most. */
export interface Capacity {
  /** Most good answers per second under any load that was tried; 0 if there was none. */
  readonly perSecond: number;
  /** Whether more load gave fewer or no more good answers. If not, the generator's own bound was met first. */
  readonly saturated: boolean;
}

const FIRST_PER_SECOND = 20;
const MAX_PER_SECOND = 5000;

/** Less than this share of good answers means that the load is more than the server can take. */
const SERVED = 0.9;

/** Halvings of the gap between the last load that was served and the first that was not. */
const REFINEMENTS = 3;

/** Longest wait for a server to answer again after it was given too much. */
const SETTLE_MS = 10_000;

/**
 * Finds the capacity of a server: doubles the load until not all of it is served, then narrows that down. A server
 * without a bound gives next to nothing above its capacity, so it has to be met from below.
 *
 * @param onLoad - Told of each load before it is sent, in requests per second.
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export async function measureCapacity(
  options: CapacityOptions,
  onLoad: (perSecond: number) => void = () => undefined,
): Promise<Capacity> {
  let best = 0;
  const isServed = async (perSecond: number): Promise<boolean> => {
    onLoad(perSecond);
    const report = await generateLoad({ ...options, perSecond });
    best = Math.max(best, report.goodPerSecond);
    const isEnough = report.good >= report.sent * SERVED;
    if (!isEnough && best > 0) await settle(options);
    return isEnough;
  };

  let served = 0;
  let tooMuch = FIRST_PER_SECOND;
  while (options.signal?.aborted !== true && (await isServed(tooMuch))) {
    served = tooMuch;
    if (served >= MAX_PER_SECOND) return { perSecond: best, saturated: false };
    tooMuch = Math.min(2 * served, MAX_PER_SECOND);
  }
  for (let step = 0; best > 0 && step < REFINEMENTS && options.signal?.aborted !== true; step += 1) {
    const between = (served + tooMuch) / 2;
    if (await isServed(between)) served = between;
    else tooMuch = between;
  }
  return { perSecond: best, saturated: true };
}

/** Waits until a few requests, one after the other, are answered well: what is still queued must not count next. */
export async function settle(options: CapacityOptions): Promise<LoadReport> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const report = await generateLoad({ ...options, perSecond: 10, durationMs: 300 });
    const isWell = report.sent > 0 && report.good === report.sent;
    if (isWell || performance.now() > end || options.signal?.aborted === true) return report;
  }
}
