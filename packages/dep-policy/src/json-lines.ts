/**
 * Finds the lines of an object's members in JSON text that `JSON.parse` has accepted: for each member of the top level
 * and of the objects directly inside it, the line (from 1) of its key. A repeated key counts where `JSON.parse` takes
 * it from: its last occurrence.
 */
export function jsonLines(text: string): (...path: readonly string[]) => number | undefined {
  const lines = new Map<string, number>();
  // One frame per open bracket; the key is that of the member being read, and null inside an array.
  const open: { key: string | null; readonly isObject: boolean }[] = [];
  let line = 1;
  let expectsKey = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g)) {
    const frame = open.at(-1);
    if (token === '\n') line += 1;
    else if (token === '{' || token === '[') {
      open.push({ key: null, isObject: token === '{' });
      expectsKey = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      expectsKey = false;
    } else if (token === ',') expectsKey = frame?.isObject === true;
    else if (token === ':') expectsKey = false;
    else if (expectsKey && frame?.isObject === true) {
      frame.key = JSON.parse(token) as string;
      if (open.length <= 2) lines.set(pathKey(open.map(({ key }) => key ?? '')), line);
    }
  }
  return (...path) => lines.get(pathKey(path));
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}
