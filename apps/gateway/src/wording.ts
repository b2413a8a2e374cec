// How results read in a terminal.
import type { AnalysisDocument } from './document.ts';
import type { PipelineResult } from './pipelines/answer.ts';

/** One picture, in as many lines as its result needs. */
export function describeDocument(document: AnalysisDocument): string {
  const { name, width, height, format } = document.input;
  const head =
    width === undefined ? printable(name) : `${printable(name)}  ${width} x ${height} ${format ?? ''}`;
  if ('error' in document)
    return `${head}\n  refused  ${document.error.code}: ${printable(document.error.message)}`;
  return [head, ...describeResult(document.result).map((line) => `  ${line}`)].join('\n');
}

function describeResult(result: PipelineResult): string[] {
  if ('faces' in result) {
    if (result.faces.length === 0) return ['no face'];
    return result.faces.map(
      ({ score, box }) => `face  ${score.toFixed(2)}  at [${box.map(Math.round).join(', ')}]`,
    );
  }
  if ('labels' in result)
    return result.labels.map(({ label, score }) => `${percent(score)}  ${printable(label)}`);
  if (result.lines.length === 0) return ['no text'];
  return result.lines.map(({ text, score }) => `${score.toFixed(2)}  ${printable(text)}`);
}

/** The same in a few words, for a table's cell. */
export function summariseDocument(document: AnalysisDocument): string {
  if ('error' in document) return document.error.code;
  const { result } = document;
  if ('faces' in result) {
    return result.faces.length === 0 ? '–' : `${result.faces.length} (${result.faces[0]!.score.toFixed(2)})`;
  }
  if ('labels' in result) {
    const [best] = result.labels;
    return best === undefined ? '–' : `${printable(best.label)} ${percent(best.score).trim()}`;
  }
  const [first] = result.lines;
  if (first === undefined) return '–';
  const count = result.lines.length === 1 ? '1 line' : `${result.lines.length} lines`;
  return `${count}: “${shorten(printable(first.text), 28)}”`;
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What a model read or a file is called is a stranger's text: no control or direction character reaches a terminal. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '·');
}

/** JSON that says the same and is safe to look at: what `printable` would replace is escaped. */
export function printableJson(value: unknown, indent?: number): string {
  const escape = (character: string): string =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
          .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
          .join('');
  // Outside strings the only such character is the line feed of the indentation, and inside there is none.
  return JSON.stringify(value, null, indent).replaceAll(UNPRINTABLE, escape);
}

function percent(score: number): string {
  return `${(score * 100).toFixed(1)} %`.padStart(7);
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
