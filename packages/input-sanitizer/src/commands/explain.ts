import { explain } from '../explain.ts';
import { specHash } from '../spec-hash.ts';
import { printable, type Console } from './console.ts';
import { EXIT } from './exit.ts';
import { readSpec } from './spec-argument.ts';

/** `explain <spec>`: says a spec in plain words. */
export async function explainCommand(
  argument: string,
  { json }: { json: boolean },
  console: Console,
): Promise<number> {
  const spec = await readSpec(argument);
  if (json) console.print(JSON.stringify({ spec, specHash: specHash(spec) }));
  else for (const line of explain(spec).split('\n')) console.print(printable(line));
  return EXIT.accepted;
}
