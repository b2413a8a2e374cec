import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfigInput } from './config.ts';
import type { Console } from './console.ts';
import type { AnalysisDocument } from './document.ts';
import { EXIT } from './errors.ts';
import { openGateway, type Gateway, type Picture } from './gateway.ts';
import { mapInOrder } from './in-order.ts';
import { openOutputFolder, type OutputFolder } from './output-folder.ts';
import { pictureName, readPicture } from './picture-file.ts';
import { PIPELINE_NAMES, pipelineOf } from './pipelines/catalogue.ts';
import { summariseDocument } from './wording.ts';

const COLUMNS = [16, 10, 16, 44];

/**
 * Shows what the gateway does: every picture of a folder through every pipeline, a table row, an annotated picture
 * and a JSON receipt each.
 *
 * @returns The exit status: 0, or 2 if a picture was refused.
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
  const results = await openOutputFolder(out);

  console.print('');
  console.print(row(['picture', 'faces', 'moderation', 'text']));
  console.print(row(COLUMNS.map((width) => '─'.repeat(width - 2))));
  let refused = 0;
  for await (const documents of mapInOrder(names, 2, (name) => visit(gateway, results, join(folder, name)))) {
    console.print(row([documents[0]!.input.name, ...documents.map(summariseDocument)]));
    if (documents.some((document) => 'error' in document)) refused += 1;
  }
  console.print('');
  console.print(`${names.length} annotated pictures and their receipts are in ${out}/.`);
  return refused === 0 ? EXIT.done : EXIT.inputRefused;
}

/** Names of the pictures in a folder, sorted; nothing if it cannot be read. */
async function listPictures(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name)).sort();
  } catch {
    return undefined;
  }
}

/** Takes one picture through every pipeline and writes what came of it. */
async function visit(gateway: Gateway, results: OutputFolder, path: string): Promise<AnalysisDocument[]> {
  const name = pictureName(path);
  let picture: Picture;
  try {
    picture = await readPicture(path, pipelineOf('faces').spec.limits.maxBytes);
  } catch (error) {
    return PIPELINE_NAMES.map((pipeline) => gateway.refuse(pipeline, name, error));
  }
  const documents: AnalysisDocument[] = [];
  for (const pipeline of PIPELINE_NAMES) documents.push(await gateway.analyze(pipeline, picture));
  await results.write(name, '.json', `${JSON.stringify({ picture: name, analyses: documents }, null, 2)}\n`);
  const answers = documents.flatMap((document) => ('result' in document ? [document.result] : []));
  if (answers.length > 0) await results.write(name, '.png', await gateway.annotate(picture, answers));
  return documents;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0))
    .join('')
    .trimEnd();
}
