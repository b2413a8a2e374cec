export { demonstrate, HOSTILE_TASKS, type Demonstration, type Proof } from './demonstration.ts';
export { generateLoad, type Latency, type LoadOptions, type LoadReport } from './load.ts';
