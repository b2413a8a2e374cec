export { parseConfig, type GatewayConfig, type GatewayConfigInput } from './config.ts';
export type { AnalysisDocument, AnalysisReceipt, InputRecord } from './document.ts';
export { EXIT, StartError, type PublicError } from './errors.ts';
export { openGateway, type AnalyzeOptions, type Gateway, type Picture } from './gateway.ts';
export { PIPELINE_NAMES, type PipelineName } from './pipelines/catalogue.ts';
export { runCli } from './cli.ts';
