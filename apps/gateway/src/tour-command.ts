import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfigInput } from './config.ts';
import type { Console } from './console.ts';
import type { AnalysisDocument } from './document.ts';
import { EXIT, toPublicError, type PublicError } from './errors.ts';
import { openGateway, type Gateway, type Picture } from './gateway.ts';
import { mapInOrder } from './in-order.ts';
import { openOutputFolder, type OutputFiles } from './output-folder.ts';
import { pictureName, readPicture } from './picture-file.ts';
import { PIPELINE_NAMES, pipelineOf } from './pipelines/catalogue.ts';
import { printable, printableJson, shorten, summariseDocument } from './wording.ts';

const COLUMNS = [16, 10, 16, 44];

/**
 * Shows what the gateway does: every picture of a folder through every pipeline, a table row, an annotated picture
 * and a JSON receipt each.
 *
 * @returns The exit status: 0; 2 if a picture was refused; 70 if a result could not be made or written.
 */
export async function tourCommand(
  { folder, out, config }: { folder: string; out: string; config: Omit<GatewayConfigInput, 'pipelines'> },
  console: Console,
): Promise<number> {
  const names = await listPictures(folder);
  if (names === undefined) {
    console.complain('Expected a folder with pictures, found none of that name');
    return EXIT.usage;
  }
  console.complain('Checking the dependencies, verifying the models, starting the workers …');
  await using gateway = await openGateway({ ...config, pipelines: [...PIPELINE_NAMES] });
  const pictures = names.map((name) => join(folder, name));
  const results = await openOutputFolder(out, { suffixes: ['.json', '.png'], pictures });

  console.print('');
  console.print(row(['picture', 'faces', 'moderation', 'text']));
  console.print(row(COLUMNS.map((width) => '─'.repeat(width - 2))));
  let refused = 0;
  let annotated = 0;
  let unwritten = 0;
  const visits = mapInOrder(pictures, 2, (path) => visit(gateway, results.reserve(pictureName(path)), path));
  for await (const { documents, isAnnotated, writeError } of visits) {
    const name = shorten(printable(documents[0]!.input.name), COLUMNS[0]! - 1);
    console.print(row([name, ...summarise(documents)]));
    if (documents.some((document) => 'error' in document)) refused += 1;
    if (isAnnotated) annotated += 1;
    if (writeError === undefined) continue;
    unwritten += 1;
    console.complain(`no result of ${name}: ${writeError.code}: ${printable(writeError.message)}`);
  }
  console.print('');
  const pictureCount = `${annotated} annotated ${annotated === 1 ? 'picture' : 'pictures'}`;
  console.print(`${pictureCount} and a receipt for every picture are in ${out}/.`);
  if (refused > 0) return EXIT.inputRefused;
  return unwritten > 0 ? EXIT.internal : EXIT.done;
}

/** Names of the pictures in a folder, sorted; nothing if it cannot be read. */
async function listPictures(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name)).sort();
  } catch {
    return undefined;
  }
}

interface Visit {
  readonly documents: readonly AnalysisDocument[];
  readonly isAnnotated: boolean;
  /** Why not all of its results were written. */
  readonly writeError?: PublicError;
}

/** Takes one picture through every pipeline and writes what came of it. Never rejects: the tour goes on. */
async function visit(gateway: Gateway, files: OutputFiles, path: string): Promise<Visit> {
  const name = pictureName(path);
  const documents: AnalysisDocument[] = [];
  let picture: Picture | undefined;
  try {
    picture = await readPicture(path, pipelineOf('faces').spec.limits.maxBytes);
    for (const pipeline of PIPELINE_NAMES) documents.push(await gateway.analyze(pipeline, picture));
  } catch (error) {
    documents.push(...PIPELINE_NAMES.map((pipeline) => gateway.refuse(pipeline, name, error)));
  }
  const answers = documents.flatMap((document) => ('result' in document ? [document.result] : []));
  try {
    await files.write('.json', `${printableJson({ picture: name, analyses: documents }, 2)}\n`);
    if (picture === undefined || answers.length === 0) return { documents, isAnnotated: false };
    await files.write('.png', await gateway.annotate(picture, answers));
    return { documents, isAnnotated: true };
  } catch (error) {
    return { documents, isAnnotated: false, writeError: toPublicError(error) };
  }
}

/** A cell for each pipeline; one for all of them if the picture was refused before any. */
function summarise(documents: readonly AnalysisDocument[]): string[] {
  const codes = new Set(documents.map((document) => ('error' in document ? document.error.code : undefined)));
  const [code] = codes;
  return codes.size === 1 && code !== undefined ? [`refused: ${code}`] : documents.map(summariseDocument);
}

function row(cells: readonly string[]): string {
  // A cell that is too long moves the others on, and never touches them.
  return cells
    .map((cell, column) => `${cell} `.padEnd(COLUMNS[column] ?? 0))
    .join('')
    .trimEnd();
}
