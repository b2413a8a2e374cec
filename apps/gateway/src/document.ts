import type { DependencyReport } from '@sallyport/dep-policy';
import type { ModelEvidence } from '@sallyport/model-verifier';
import type { Receipt as TaskReceipt } from '@sallyport/resource-guard';
import type { PublicError } from './errors.ts';
import type { PipelineName } from './pipelines/catalogue.ts';
import type { PipelineResult } from './pipelines/answer.ts';

/** The picture an answer is about. Dimensions are of the picture as shown (EXIF orientation applied). */
export interface InputRecord {
  /** File name without its folder. */
  readonly name: string;
  readonly sha256?: string;
  readonly bytes?: number;
  readonly format?: string;
  readonly width?: number;
  readonly height?: number;
}

/** The evidence behind one answer: enough to say later what ran, on what, under which limits. */
export interface AnalysisReceipt {
  readonly id: string;
  /** SHA-256 of the input spec in force; the same bytes under the same spec give the same tensor. */
  readonly specHash: string;
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly models: readonly Pick<
    ModelEvidence,
    'name' | 'digest' | 'rootDigest' | 'licence' | 'source' | 'verifiedAt'
  >[];
  readonly runtime: { readonly provider: 'cpu'; readonly threads: number; readonly node: string };
  readonly dependencies: Pick<DependencyReport, 'verdict' | 'checked' | 'lock' | 'policyHash'>;
  /** What the guarded run cost and how it ended; absent if the picture was refused before one. */
  readonly task?: TaskReceipt;
}

/** One picture through one pipeline: a result or a refusal, and a receipt either way. */
export type AnalysisDocument = {
  readonly pipeline: PipelineName;
  readonly input: InputRecord;
  readonly receipt: AnalysisReceipt;
} & ({ readonly result: PipelineResult } | { readonly error: PublicError });
