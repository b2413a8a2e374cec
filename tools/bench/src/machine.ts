import { availableParallelism, cpus, totalmem } from 'node:os';

/** Where numbers were taken: without it they compare with nothing. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  /** CPUs this process may use. */
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
}

export function describeMachine(): Machine {
  return {
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
  };
}
