/** Nesting a lock can need is six; the rest is room for later versions. */
const MAX_DEPTH = 16;

/**
 * Parses JSON that must mean the same to every reader: a key given twice, or named `__proto__`, is refused.
 *
 * `JSON.parse` keeps the last of two equal keys and other parsers the first (RFC 8259, section 4), so a reviewer
 * could read one digest and a program another.
 *
 * @param maxValues - Values in the text, in bounds before any is made: two bytes of text can become a hundred of memory.
 * @throws {SyntaxError} If the text is not JSON, nests deeper than 16 levels, has such a key or too many values.
 */
export function parseStrictJson(text: string, maxValues = Infinity): unknown {
  if (maxValues !== Infinity && countValues(text, maxValues) > maxValues) {
    throw new SyntaxError(`more than ${maxValues} values`);
  }
  const value: unknown = JSON.parse(text);
  checkKeys(text);
  return value;
}

/** How many values the text can have at most, if it is JSON; counts no further than just past `enough`. */
function countValues(text: string, enough: number): number {
  let count = 1;
  for (let index = 0; index < text.length && count <= enough; index++) {
    const character = text[index];
    if (character === ',' || character === '[' || character === '{') count++;
    if (character !== '"') continue;
    do index = text.indexOf('"', index + 1);
    while (index !== -1 && isEscaped(text, index));
    if (index === -1) break;
  }
  return count;
}

function isEscaped(text: string, quote: number): boolean {
  let start = quote;
  while (text[start - 1] === '\\') start--;
  return (quote - start) % 2 === 1;
}

/** Walks text already known to be valid JSON, so that only strings and the six structural characters matter. */
function checkKeys(text: string): void {
  /** One entry per open bracket: the keys seen so far in an object, `null` for an array. */
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : null) > MAX_DEPTH) {
        throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
      }
      expectsKey = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      expectsKey = false;
    } else if (character === ',') {
      expectsKey = open.at(-1) !== null;
    } else if (character === '"') {
      const end = endOfString(text, index);
      // Compared as decoded: "a" and "\u0061" are one key.
      if (expectsKey) addKey(open.at(-1), JSON.parse(text.slice(index, end)) as string);
      expectsKey = false;
      index = end - 1;
    }
  }
}

function addKey(keys: Set<string> | null | undefined, key: string): void {
  if (key === '__proto__') throw new SyntaxError('a key is named __proto__');
  if (keys?.has(key) === true) throw new SyntaxError('a key is given twice in one object');
  keys?.add(key);
}

/** Index just past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}
