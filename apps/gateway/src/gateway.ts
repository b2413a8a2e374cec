import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { checkDependencies, type DependencyReport } from '@sallyport/dep-policy';
import { inspectImage, specHash } from '@sallyport/input-sanitizer';
import { openModelLock, openVerifiedModel, type VerifiedModel } from '@sallyport/model-verifier';
import { createGuard, ResourceError, type Guard } from '@sallyport/resource-guard';
import { parseConfig, type GatewayConfig, type GatewayConfigInput } from './config.ts';
import type { AnalysisDocument, AnalysisReceipt, InputRecord } from './document.ts';
import { EXIT, StartError, toPublicError } from './errors.ts';
import { PIPELINE_NAMES, pipelineOf, type PipelineName } from './pipelines/catalogue.ts';
import { parseAnswer, type PipelineResult } from './pipelines/answer.ts';
import type { AnalyzeInput, AnnotateInput, LoadInput } from './worker.ts';

/** Deadline of one annotated picture, in milliseconds. */
const ANNOTATE_TIMEOUT_MS = 30_000;
/** The longest picture that any pipeline admits. */
const MAX_PICTURE_BYTES = Math.max(...PIPELINE_NAMES.map((name) => pipelineOf(name).spec.limits.maxBytes));
/** What travels to a worker besides the picture: results to draw, and the envelope. */
const ROOM_FOR_RESULTS = 4 << 20;
/** An annotated picture is a PNG of all pixels, several times its JPEG. */
const MAX_ANNOTATED_BYTES = 128 << 20;
/** Results of one picture. A child that was taken over must not fill the main process with small objects. */
const MAX_ANSWER_BYTES = 4 << 20;

/** A stranger's picture, already read. */
export interface Picture {
  /** Name without a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Per-call choices. */
export interface AnalyzeOptions {
  /** Labels to return, best first. Default 5. */
  readonly topK?: number;
  /** Ends the run; its worker is killed. */
  readonly signal?: AbortSignal;
}

/** Everything checked, the models loaded in guarded children, ready for pictures. */
export interface Gateway extends AsyncDisposable {
  readonly dependencies: DependencyReport;
  /** Never rejects: a refusal is a document with `error`. */
  analyze(pipeline: PipelineName, picture: Picture, options?: AnalyzeOptions): Promise<AnalysisDocument>;
  /** The document of a picture that was refused before its bytes were there. */
  refuse(pipeline: PipelineName, name: string, error: unknown): AnalysisDocument;
  /**
   * Draws results on the picture's sanitised pixels; resolves to a PNG.
   *
   * @throws {ResourceError} As `guard.run` does.
   * @throws {TypeError} If the worker sent anything but bytes.
   */
  annotate(picture: Picture, results: readonly PipelineResult[]): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens the gateway: dependency policy, then models, then workers. The first step that fails ends the start.
 *
 * @throws {StartError} With the exit status of the step that failed.
 */
export async function openGateway(input: GatewayConfigInput): Promise<Gateway> {
  const config = parseConfig(input);
  const dependencies = await admitDependencies(config.root);
  const models = await openModels(config);
  const threads = Math.max(1, Math.floor(availableParallelism() / config.workers));
  const guard = await startWorkers(config, { pipelines: config.pipelines, models, threads });
  return createGateway(config, { dependencies, models, threads, guard });
}

async function admitDependencies(root: string): Promise<DependencyReport> {
  const report = await checkDependencies({ root }).catch((cause: unknown) => {
    throw new StartError(EXIT.dependencyPolicy, toPublicError(cause), { cause });
  });
  if (report.verdict === 'pass') return report;
  const count = report.violations.length;
  const message = `Dependency policy: expected no violation, found ${count}`;
  throw new StartError(EXIT.dependencyPolicy, { code: 'ERR_GATEWAY_DEPENDENCIES', message }, { report });
}

async function openModels({ models, pipelines }: GatewayConfig): Promise<VerifiedModel[]> {
  const names = new Set(pipelines.flatMap((name) => pipelineOf(name).models));
  try {
    const lock = await openModelLock(join(models, 'models.lock'));
    return await Promise.all([...names].map((name) => openVerifiedModel(lock, name)));
  } catch (cause) {
    throw new StartError(EXIT.modelRefused, toPublicError(cause), { cause });
  }
}

async function startWorkers(config: GatewayConfig, load: LoadInput): Promise<Guard> {
  try {
    return await createGuard({
      script: config.worker,
      workers: config.workers,
      spare: config.spare,
      warmup: { task: 'load', input: load },
      limits: {
        memoryMb: config.memoryMb,
        timeoutMs: Math.max(ANNOTATE_TIMEOUT_MS, ...config.pipelines.map((name) => deadlineOf(config, name))),
        inputBytes: MAX_PICTURE_BYTES + ROOM_FOR_RESULTS,
        outputBytes: MAX_ANNOTATED_BYTES,
      },
      queue: { max: config.workers * 2 },
    });
  } catch (cause) {
    throw new StartError(EXIT.internal, toPublicError(cause), { cause });
  }
}

/** Deadline of one picture in milliseconds: the operator's, else the pipeline's own. */
function deadlineOf({ timeoutMs }: GatewayConfig, pipeline: PipelineName): number {
  return timeoutMs ?? pipelineOf(pipeline).timeoutMs;
}

interface Opened {
  readonly dependencies: DependencyReport;
  readonly models: readonly VerifiedModel[];
  readonly threads: number;
  readonly guard: Guard;
}

function createGateway(config: GatewayConfig, { dependencies, models, threads, guard }: Opened): Gateway {
  const { verdict, checked, lock, policyHash } = dependencies;

  const receiptOf = (pipeline: PipelineName): AnalysisReceipt => ({
    id: randomUUID(),
    specHash: specHash(pipelineOf(pipeline).spec),
    findings: [],
    models: models
      .filter(({ name }) => pipelineOf(pipeline).models.includes(name))
      .map(({ evidence: { name, digest, rootDigest, licence, source, verifiedAt } }) => ({
        ...{ name, digest, rootDigest, licence, source, verifiedAt },
      })),
    runtime: { provider: 'cpu', threads, node: process.versions.node },
    dependencies: { verdict, checked, lock, policyHash },
  });

  const refuse = (pipeline: PipelineName, input: InputRecord, error: unknown): AnalysisDocument => {
    const task = error instanceof ResourceError ? error.receipt : undefined;
    const receipt = receiptOf(pipeline);
    return { pipeline, input, error: toPublicError(error), receipt: task ? { ...receipt, task } : receipt };
  };

  return {
    dependencies,
    refuse: (pipeline, name, error) => refuse(pipeline, { name }, error),

    async analyze(pipeline, { name, bytes }, { topK = 5, signal } = {}) {
      let input: InputRecord = { name, bytes: bytes.length };
      // The guard has copied the bytes by then: they are hashed while a worker is busy with the same ones.
      const sha256 = (): { sha256: string } => ({ sha256: createHash('sha256').update(bytes).digest('hex') });
      try {
        const { format, width, height } = inspectImage(bytes, pipelineOf(pipeline).spec);
        input = { ...input, format, width, height };
        const running = guard.run('analyze', { pipeline, bytes, topK } satisfies AnalyzeInput, {
          timeoutMs: deadlineOf(config, pipeline),
          outputBytes: MAX_ANSWER_BYTES,
          ...(signal && { signal }),
        });
        input = { ...input, ...sha256() };
        const { value, receipt: task } = await running;
        const { picture, findings, result } = parseAnswer(value);
        return {
          pipeline,
          input: { ...input, ...picture },
          result,
          receipt: { ...receiptOf(pipeline), findings, task },
        };
      } catch (error) {
        return refuse(pipeline, input.sha256 === undefined ? { ...input, ...sha256() } : input, error);
      }
    },

    async annotate({ bytes }, results) {
      const input = { bytes, results } satisfies AnnotateInput;
      const { value } = await guard.run('annotate', input, { timeoutMs: ANNOTATE_TIMEOUT_MS });
      if (value instanceof Uint8Array) return value;
      throw new TypeError('Expected the bytes of a picture');
    },

    close: () => guard[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose](),
  };
}
