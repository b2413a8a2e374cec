/** Values that a measurement is told apart by. */
export type Attributes = Readonly<Record<string, string>>;

/** What an instrument is described by. */
export interface InstrumentOptions {
  readonly description: string;
  /** UCUM: `s`, `By`, or what is counted in braces. */
  readonly unit: string;
}

/** Where a gauge's callback says what it sees. */
export interface Observation {
  observe(value: number, attributes?: Attributes): void;
}

/** A gauge that asks for its value when somebody collects. */
export interface ObservableGauge {
  addCallback(callback: (observation: Observation) => void): void;
  removeCallback(callback: (observation: Observation) => void): void;
}

/**
 * The part of an OpenTelemetry `Meter` that is used here, so that any version of that API fits and none is needed.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/api/
 */
export interface TelemetryMeter {
  createCounter(
    name: string,
    options: InstrumentOptions,
  ): { add(value: number, attributes?: Attributes): void };
  createHistogram(
    name: string,
    options: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void };
  createObservableGauge(name: string, options: InstrumentOptions): ObservableGauge;
}
