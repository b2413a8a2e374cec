/** One option as pip takes it: its long form, and its value if it has one. */
export interface WrittenOption {
  readonly name: string;
  readonly value: string | undefined;
}

/** A line as pip splits it. */
export interface SplitLine {
  /** What stands before the first option: the requirement. */
  readonly requirement: string;
  readonly options: readonly WrittenOption[];
  /** Words that belong to no option. pip passes over them. */
  readonly rest: readonly string[];
}

/**
 * Long options, and whether a value follows. Those behind a requirement are among them, since an abbreviation must be
 * the beginning of one alone.
 *
 * @see pip, requirements file format
 */
const OPTIONS: ReadonlyMap<string, boolean> = new Map([
  ['--index-url', true],
  ['--pypi-url', true],
  ['--extra-index-url', true],
  ['--no-index', false],
  ['--find-links', true],
  ['--trusted-host', true],
  ['--no-binary', true],
  ['--only-binary', true],
  ['--prefer-binary', false],
  ['--require-hashes', false],
  ['--pre', false],
  ['--all-releases', true],
  ['--only-final', true],
  ['--use-feature', true],
  ['--requirement', true],
  ['--constraint', true],
  ['--editable', true],
  ['--hash', true],
  ['--global-option', true],
  ['--install-option', true],
  ['--config-settings', true],
]);

const SHORT: ReadonlyMap<string, string> = new Map([
  ['-i', '--index-url'],
  ['-f', '--find-links'],
  ['-r', '--requirement'],
  ['-c', '--constraint'],
  ['-e', '--editable'],
  ['-C', '--config-settings'],
]);

/** Options that are the same one under two names. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([['--pypi-url', '--index-url']]);

/**
 * Splits a line as pip does: options begin at the first word with a hyphen, are quoted as in a shell, may be several,
 * and may be abbreviated.
 *
 * @returns why it is refused: pip would refuse it too, or its versions would not agree on what it says.
 */
export function splitOptions(line: string): SplitLine | { readonly fault: string } {
  // Only a space separates here, and only behind the first option is the text split as a shell does.
  const at = line.startsWith('-') ? 0 : line.indexOf(' -') + 1;
  const isPlain = at === 0 && !line.startsWith('-');
  const words = isPlain ? [] : splitWords(line.slice(at));
  if (words === undefined) return { fault: 'expected every quote to be closed, found one that is not' };
  const options: WrittenOption[] = [];
  const rest: string[] = [];
  for (let next = words.shift(); next !== undefined; next = words.shift()) {
    if (next === '--') {
      rest.push(...words);
      break;
    }
    if (!next.startsWith('-') || next === '-') {
      rest.push(next);
      continue;
    }
    const { name, attached } = next.startsWith('--') ? longOption(next) : shortOption(next);
    const hasValue = name === undefined ? undefined : OPTIONS.get(name);
    if (name === undefined || hasValue === undefined) {
      return { fault: 'expected an option of requirements files, found another' };
    }
    const value = hasValue ? (attached ?? words.shift()) : undefined;
    if ((hasValue && value === undefined) || (!hasValue && attached !== undefined)) {
      return { fault: `expected ${name} ${hasValue ? 'with' : 'without'} a value, found the opposite` };
    }
    options.push({ name: SYNONYMS.get(name) ?? name, value });
  }
  return { requirement: (isPlain ? line : line.slice(0, at)).trim(), options, rest };
}

interface OptionName {
  readonly name: string | undefined;
  /** The value in the same word. */
  readonly attached: string | undefined;
}

/** `--name`, `--name=value`, or the beginning of the one name that has it. */
function longOption(word: string): OptionName {
  const equals = word.indexOf('=');
  const written = equals === -1 ? word : word.slice(0, equals);
  const attached = equals === -1 ? undefined : word.slice(equals + 1);
  if (OPTIONS.has(written)) return { name: written, attached };
  const found = [...OPTIONS.keys()].filter((name) => name.startsWith(written));
  return { name: found.length === 1 ? found[0] : undefined, attached };
}

/** `-r`, `-rfile`. Every short option has a value. */
function shortOption(word: string): OptionName {
  return { name: SHORT.get(word.slice(0, 2)), attached: word.length > 2 ? word.slice(2) : undefined };
}

/** Splits as Python's `shlex.split` does. @returns undefined for a quote or an escape without an end. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '\\' && quote !== "'") {
      at += 1;
      const escaped = text[at];
      if (escaped === undefined) return undefined;
      // Inside of quotes a backslash escapes only itself and the quote.
      word =
        (word ?? '') + (quote === undefined || escaped === '\\' || escaped === quote ? '' : char) + escaped;
    } else if (quote === undefined ? char === '"' || char === "'" : char === quote) {
      quote = quote === undefined ? char : undefined;
      word ??= '';
    } else if (quote === undefined && /[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
