import { isObject, member } from '../json-value.ts';
import { changeText, isOnlyChange, JSON_TEXT, TOML_TEXT, YAML_TEXT } from './text-format.ts';
import type { TextFormat, ValuePath } from './text-format.ts';

/** Sets a member of an object at the top of a JSON text; the object is made at its end if there is none. */
export function setJsonMember(text: string, object: string, key: string, value: string): string | undefined {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const line = `${end}${indent}${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const top = text.lastIndexOf('}');
  const head = text.slice(0, Math.max(top, 0)).trimEnd();
  const created = `${end}${indent}${JSON.stringify(object)}: {${line}${end}${indent}}${end}`;
  const isEmpty = head.endsWith('{');
  return setMember(JSON_TEXT, text, [object, key], value, [
    ...placesBehind(text, new RegExp(`${JSON.stringify(object)}\\s*:\\s*\\{`, 'g')).flatMap((at) => [
      `${text.slice(0, at)}${line},${text.slice(at)}`,
      `${text.slice(0, at)}${line}${end}${indent}${text.slice(at)}`,
    ]),
    `${head}${isEmpty ? '' : ','}${created}${text.slice(top)}`,
  ]);
}

/** Sets a member of a mapping at the top of a YAML text; the mapping is made at its end if there is none. */
export function setYamlMember(text: string, mapping: string, key: string, value: string): string | undefined {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const line = (indent: string): string => `${indent}'${key}': '${value}'${end}`;
  const head = text === '' || text.endsWith('\n') ? text : `${text}${end}`;
  return setMember(YAML_TEXT, text, [mapping, key], value, [
    ...placesBehind(text, new RegExp(`^${mapping}:[ \\t]*(?:#.*)?\\r?\\n`, 'gm')).map((at) => {
      const indent = /^(?:[ \t]*(?:#.*)?\r?\n)*([ \t]+)/.exec(text.slice(at))?.[1] ?? '  ';
      return text.slice(0, at) + line(indent) + text.slice(at);
    }),
    `${head}${head === '' ? '' : end}${mapping}:${end}${line('  ')}`,
  ]);
}

/** Sets a key of a table in a TOML text; the table is made at its end if there is none. */
export function setTomlKey(
  text: string,
  table: readonly string[],
  key: string,
  value: string,
): string | undefined {
  const line = `"${key}" = "${value}"`;
  return setMember(TOML_TEXT, text, [...table, key], value, tomlPlaces(text, table, line));
}

/** Adds a text to a list of a TOML table; list and table are made if there is none. */
export function addTomlItem(
  text: string,
  table: readonly string[],
  key: string,
  item: string,
): string | undefined {
  const before = listAt(text, [...table, key]);
  const isWanted = isOnlyChange(TOML_TEXT, text, [...table, key], [item, ...before]);
  const quoted = JSON.stringify(item);
  return [
    ...placesBehind(text, new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*\\[`, 'gm')).map(
      (at) => `${text.slice(0, at)}${quoted}${before.length === 0 ? '' : ', '}${text.slice(at)}`,
    ),
    ...tomlPlaces(text, table, `${key} = [${quoted}]`),
  ].find(isWanted);
}

function tomlPlaces(text: string, table: readonly string[], line: string): string[] {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const name = table.join('.');
  const head = text === '' || text.endsWith('\n') ? text : `${text}${end}`;
  return [
    ...placesBehind(
      text,
      new RegExp(`^[ \\t]*\\[${name.replaceAll('.', '\\.')}\\][ \\t]*(?:#.*)?\\r?\\n`, 'gm'),
    ).map((at) => `${text.slice(0, at)}${line}${end}${text.slice(at)}`),
    `${head}${head === '' ? '' : end}[${name}]${end}${line}${end}`,
  ];
}

/** A member that is there already gets another value where it stands. */
function setMember(
  format: TextFormat,
  text: string,
  path: ValuePath,
  value: string,
  candidates: readonly string[],
): string | undefined {
  const present = valueAt(text === '' ? undefined : format.parse(text), path);
  if (typeof present === 'string') return changeText(format, text, path, present, value);
  return candidates.find(isOnlyChange(format, text, path, value));
}

function listAt(text: string, path: ValuePath): readonly unknown[] {
  const value = valueAt(TOML_TEXT.parse(text), path);
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function valueAt(document: unknown, path: ValuePath): unknown {
  let value = document;
  for (const key of path) {
    if (value instanceof Map) value = value.get(key);
    else value = isObject(value) ? member(value, String(key)) : undefined;
  }
  return value;
}

function placesBehind(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].slice(0, 100).map((match) => match.index + match[0].length);
}
