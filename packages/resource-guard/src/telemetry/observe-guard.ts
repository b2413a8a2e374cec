import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Guard } from '../guard.ts';
import { REJECTION_CHANNEL, RUN_CHANNEL, type Receipt, type Rejection } from '../receipt.ts';
import { tell } from '../tell.ts';
import type { Attributes, InstrumentOptions, Observation, TelemetryMeter } from './meter.ts';

const KILL_REASONS: ReadonlyMap<Receipt['outcome'], string> = new Map([
  ['ERR_RESOURCE_MEMORY_LIMIT', 'memory'],
  ['ERR_RESOURCE_CPU_LIMIT', 'cpu'],
  ['ERR_RESOURCE_TIMEOUT', 'timeout'],
  ['ERR_RESOURCE_DEADLINE', 'deadline'],
  ['ERR_RESOURCE_ABORTED', 'aborted'],
  ['ERR_RESOURCE_DRAINING', 'draining'],
  ['ERR_RESOURCE_CRASHED', 'crashed'],
]);

/**
 * Tells an OpenTelemetry meter what a guard does, until it is disposed of:
 *
 * | Instrument                         | Kind, unit          | Attributes        |
 * | ---------------------------------- | ------------------- | ----------------- |
 * | `rejected`                         | counter, `{run}`    | `code`            |
 * | `killed`                           | counter, `{run}`    | `reason`, `task`  |
 * | `queue.depth`, `queue.capacity`    | gauge, `{run}`      |                   |
 * | `pool.active`, `pool.capacity`     | gauge, `{process}`  |                   |
 * | `queue.wait`                       | histogram, `s`      | `task`            |
 * | `run.duration`, `run.cpu`          | histogram, `s`      | `task`, `outcome` |
 * | `run.peak_memory`                  | histogram, `By`     | `task`, `outcome` |
 *
 * `rejected` counts every run that got no process: not admitted, or refused while it waited. `killed` counts runs whose
 * process ended with them. No attribute holds anything that a stranger chose: the name of a task is one of the worker
 * module's exports. The scope of the meter is the name space of the instruments; give each guard a meter of its own.
 *
 * @param meter - `metrics.getMeter('name of your guard')` of `@opentelemetry/api`, or anything of its form.
 */
export function observeGuard(guard: Guard, meter: TelemetryMeter): Disposable {
  const stopRecording = recordRuns(guard, meter);
  const stopObserving = observeLoad(guard, meter);
  return {
    [Symbol.dispose]: () => {
      stopRecording();
      stopObserving();
    },
  };
}

type Measure = (value: number, attributes: Attributes) => void;

/** A subscriber that throws ends the host, and a meter is somebody else's. */
function contain(measure: Measure): Measure {
  return (value, attributes) => {
    tell(measure, value, attributes);
  };
}

function recordRuns(guard: Guard, meter: TelemetryMeter): () => void {
  const counter = (name: string, options: InstrumentOptions): Measure => {
    const instrument = meter.createCounter(name, options);
    return contain(instrument.add.bind(instrument));
  };
  const histogram = (name: string, options: InstrumentOptions): Measure => {
    const instrument = meter.createHistogram(name, options);
    return contain(instrument.record.bind(instrument));
  };
  const rejected = counter('rejected', {
    description: 'Runs that got no process: not admitted, or refused while they waited',
    unit: '{run}',
  });
  const killed = counter('killed', {
    description: 'Runs whose process was killed or died',
    unit: '{run}',
  });
  const wait = histogram('queue.wait', {
    description: 'Time from admission until a process had the task',
    unit: 's',
  });
  const duration = histogram('run.duration', {
    description: 'Time from then until the process had answered or was dead',
    unit: 's',
  });
  const cpu = histogram('run.cpu', { description: 'CPU time of a run, all threads', unit: 's' });
  const peakMemory = histogram('run.peak_memory', {
    description: 'Highest memory of the process during a run, its baseline included',
    unit: 'By',
  });

  const onReceipt = (message: unknown): void => {
    const { task, outcome, waitMs, runMs, cpuMs, peakMemoryBytes, enforcement } = message as Receipt;
    // Each guard has one such object: what it enforces says whose receipt this is.
    if (enforcement !== guard.enforcement) return;
    wait(waitMs / 1000, { task });
    if (runMs === 0) {
      rejected(1, { code: outcome });
      return;
    }
    duration(runMs / 1000, { task, outcome });
    cpu(cpuMs / 1000, { task, outcome });
    if (peakMemoryBytes > 0) {
      peakMemory(peakMemoryBytes, { task, outcome });
    }
    const reason = KILL_REASONS.get(outcome);
    if (reason !== undefined) killed(1, { reason, task });
  };
  const onRejection = (message: unknown): void => {
    const { code, enforcement } = message as Rejection;
    if (enforcement === guard.enforcement) rejected(1, { code });
  };
  subscribe(RUN_CHANNEL, onReceipt);
  subscribe(REJECTION_CHANNEL, onRejection);
  return () => {
    unsubscribe(RUN_CHANNEL, onReceipt);
    unsubscribe(REJECTION_CHANNEL, onRejection);
  };
}

function observeLoad(guard: Guard, meter: TelemetryMeter): () => void {
  const values: readonly (readonly [name: string, description: string, unit: string, read: () => number])[] =
    [
      ['queue.depth', 'Runs that wait for a process', '{run}', () => guard.stats.queued],
      ['queue.capacity', 'Runs that may wait', '{run}', () => guard.capacity.queued],
      ['pool.active', 'Processes that have a run', '{process}', () => guard.stats.running],
      ['pool.capacity', 'Runs at the same time', '{process}', () => guard.capacity.running],
    ];
  const stops = values.map(([name, description, unit, read]) => {
    const gauge = meter.createObservableGauge(name, { description, unit });
    const callback = (observation: Observation): void => {
      observation.observe(read());
    };
    gauge.addCallback(callback);
    return () => {
      gauge.removeCallback(callback);
    };
  });
  return () => {
    for (const stop of stops) stop();
  };
}
