/**
 * Poetry's and Pipenv's notation in specifiers of PEP 440: `^1.2`, `~1.2`, `1.2` (which is exact), `1.*`, `*`.
 *
 * @returns one for every alternative (`^1 || ^2`); undefined for one that is written in another way.
 * @see https://python-poetry.org/docs/dependency-specification/
 */
export function poetrySpecifiers(text: string): (string | undefined)[] {
  return text.split('||').map((alternative) => {
    // White space separates clauses too, but not an operator from its version.
    const clauses = alternative
      .replaceAll(/([=!<>~^])\s+/g, '$1')
      .split(/[\s,]+/)
      .filter((clause) => clause !== '')
      .map(clauseOf);
    return clauses.includes(undefined) ? undefined : clauses.filter((clause) => clause !== '').join(',');
  });
}

function clauseOf(clause: string): string | undefined {
  if (clause === '*') return '';
  if (/^\d+(?:\.\d+)*\.\*$/.test(clause)) return `==${clause}`;
  if (/^=\d/.test(clause)) return `=${clause}`;
  if (/^(?:===|==|~=|!=|<=|>=|<|>)[^=<>!~^]/.test(clause)) return clause;
  const [, mark, version, numbers] = /^([\^~]?)((\d+(?:\.\d+)*)[\w.+-]*)$/.exec(clause) ?? [];
  if (version === undefined || numbers === undefined) return undefined;
  if (mark === '') return `==${version}`;
  const parts = numbers.split('.').map(Number);
  const first = parts.findIndex((part) => part !== 0);
  const fixed = mark === '~' ? Math.min(parts.length, 2) - 1 : first === -1 ? parts.length - 1 : first;
  const end = [...parts.slice(0, fixed), parts[fixed]! + 1].join('.');
  return `>=${version},<${end}`;
}
