import { availableParallelism } from 'node:os';
import type { GatewayConfigInput } from './config.ts';
import type { AnalysisDocument } from './document.ts';
import { EXIT, toPublicError, type PublicError } from './errors.ts';
import { openGateway, type Gateway, type Picture } from './gateway.ts';
import { mapInOrder } from './in-order.ts';
import { openOutputFolder, type OutputFiles } from './output-folder.ts';
import { pictureName, readPicture } from './picture-file.ts';
import { pipelineOf, type PipelineName } from './pipelines/catalogue.ts';
import type { Console } from './console.ts';
import { describeDocument, printable, printableJson } from './wording.ts';

/** What `sallyport analyze` was asked for. */
export interface AnalyzeCommand {
  readonly pipeline: PipelineName;
  readonly paths: readonly string[];
  readonly json: boolean;
  /** Folder for annotated pictures. */
  readonly render?: string;
  readonly topK: number;
  readonly config: Omit<GatewayConfigInput, 'pipelines'>;
}

/**
 * Analyses pictures in the order given, several at a time. A refused picture does not stop the others.
 *
 * @returns The exit status: 0; 2 if a picture was refused; 70 if an annotated picture could not be made or written.
 * @throws {StartError} If the gateway cannot be opened.
 */
export async function analyzeCommand(command: AnalyzeCommand, console: Console): Promise<number> {
  const { pipeline, paths, json, render, config } = command;
  const workers = Math.min(config.workers ?? availableParallelism(), paths.length);
  // One picture needs no spare worker: nothing follows it.
  const spare = paths.length > 1 ? 1 : 0;
  console.progress('checking the dependencies, verifying the model, starting workers');
  await using gateway = await openGateway({ spare, ...config, pipelines: [pipeline], workers });
  const suffixes = [suffixOf(pipeline)];
  const folder =
    render === undefined ? undefined : await openOutputFolder(render, { suffixes, pictures: paths });

  let refused = 0;
  let unwritten = 0;
  let rendered = 0;
  let done = 0;
  const answers = mapInOrder(paths, workers, (path) =>
    answer(gateway, command, path, folder?.reserve(pictureName(path))),
  );
  for await (const { document, isRendered, renderError } of answers) {
    if ('error' in document) refused += 1;
    if (isRendered) rendered += 1;
    console.print(json ? printableJson(document) : describeDocument(document));
    done += 1;
    console.progress(`${done} of ${paths.length}`);
    if (renderError === undefined) continue;
    unwritten += 1;
    console.complain(`no annotated picture: ${renderError.code}: ${printable(renderError.message)}`);
  }
  if (render !== undefined) {
    console.complain(
      `${rendered} annotated ${rendered === 1 ? 'picture is' : 'pictures are'} in ${printable(render)}`,
    );
  }
  if (refused > 0) return EXIT.inputRefused;
  return unwritten > 0 ? EXIT.internal : EXIT.done;
}

function suffixOf(pipeline: PipelineName): string {
  return `.${pipeline}.png`;
}

interface Answer {
  readonly document: AnalysisDocument;
  readonly isRendered: boolean;
  readonly renderError?: PublicError;
}

async function answer(
  gateway: Gateway,
  { pipeline, topK }: AnalyzeCommand,
  path: string,
  files: OutputFiles | undefined,
): Promise<Answer> {
  let picture: Picture;
  try {
    picture = await readPicture(path, pipelineOf(pipeline).spec.limits.maxBytes);
  } catch (error) {
    return { document: gateway.refuse(pipeline, pictureName(path), error), isRendered: false };
  }
  const document = await gateway.analyze(pipeline, picture, { topK });
  if (files === undefined || 'error' in document) return { document, isRendered: false };
  try {
    await files.write(suffixOf(pipeline), await gateway.annotate(picture, [document.result]));
    return { document, isRendered: true };
  } catch (error) {
    return { document, isRendered: false, renderError: toPublicError(error) };
  }
}
