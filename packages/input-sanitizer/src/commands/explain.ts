import { explain, isForVideos } from '../explain.ts';
import { specHash } from '../spec-hash.ts';
import { videoSpecHash } from '../video/video-spec.ts';
import { printable, type Console } from './console.ts';
import { EXIT } from './exit.ts';
import { readAnySpec } from './spec-argument.ts';

/** `explain <spec>`: says a spec in plain words. */
export async function explainCommand(
  argument: string,
  { json }: { json: boolean },
  console: Console,
): Promise<number> {
  const spec = await readAnySpec(argument);
  if (json)
    console.print(
      JSON.stringify({ spec, specHash: isForVideos(spec) ? videoSpecHash(spec) : specHash(spec) }),
    );
  else for (const line of explain(spec).split('\n')) console.print(printable(line));
  return EXIT.accepted;
}
