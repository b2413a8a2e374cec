import { describe, expect, it } from 'vitest';
import type { Edge, Scope } from './dependency-graph.ts';
import { focusClosure } from './focus.ts';
import { GraphBuilder } from './graph-builder.ts';
import { Dependents } from './paths.ts';

const position = { file: 'lock', line: 1, column: 1 };

/** `a: b c!dev` says that a needs b, and c for development; `.` is the root. */
function graphOf(...lines: readonly string[]) {
  const builder = new GraphBuilder('npm', 'lock');
  for (const line of lines) {
    const [key = '', needs = ''] = line.split(':');
    const dependencies = needs
      .trim()
      .split(' ')
      .filter((word) => word !== '')
      .map((word): Edge => {
        const [to = '', scope = 'runtime'] = word.split('!');
        return { to, scope: scope as Scope };
      });
    if (key.startsWith('.')) builder.root(key, dependencies);
    else builder.add({ key, name: key, version: '1.0.0', position, dependencies });
  }
  return builder.build('package-lock', '3', 'sha', 'known');
}

it('gives a package the scope of its most needed path', () => {
  const graph = graphOf(
    '.: a d!dev o!optional',
    'a: p!peer',
    'd: a x',
    'o: x y',
    'p:',
    'x:',
    'y: z',
    'z:',
    'alone:',
  );
  const scopes = Object.fromEntries([...graph.packages.values()].map(({ key, scope }) => [key, scope]));
  expect(scopes).toEqual({
    a: 'runtime',
    d: 'dev',
    o: 'optional',
    p: 'peer',
    x: 'optional',
    y: 'optional',
    z: 'optional',
    alone: 'runtime',
  });
});

describe('the paths to a package', () => {
  it('come from every root, shortest first', () => {
    const dependents = new Dependents(graphOf('.: a b', './m: t', 'a: t', 'b: c', 'c: t', 't:'));
    expect(dependents.pathsTo('t', 10)).toEqual({
      paths: [
        { root: './m', keys: ['t'] },
        { root: '.', keys: ['a', 't'] },
        { root: '.', keys: ['b', 'c', 't'] },
      ],
      isCut: false,
    });
  });

  it('go through every parent, not only the nearest', () => {
    const dependents = new Dependents(graphOf('.: a', 'a: b c', 'b: t', 'c: t', 't: a'));
    expect(dependents.pathsTo('t', 10).paths.map(({ keys }) => keys.join())).toEqual(['a,b,t', 'a,c,t']);
  });

  it('are cut at the limit, which is said', () => {
    const dependents = new Dependents(graphOf('.: a b', 'a: t', 'b: t', 't:'));
    expect(dependents.pathsTo('t', 2)).toMatchObject({ isCut: false });
    expect(dependents.pathsTo('t', 1)).toMatchObject({ isCut: true, paths: [{ keys: ['a', 't'] }] });
  });

  it('are found in a graph with more of them than anybody could list', () => {
    const layers = Array.from({ length: 40 }, (_, at) => [
      `l${at}: l${at + 1} r${at + 1}`,
      `r${at}: l${at + 1} r${at + 1}`,
    ]).flat();
    const { paths, isCut } = new Dependents(graphOf('.: l0 r0', ...layers, 'l40: t', 'r40: t', 't:')).pathsTo(
      't',
      10,
    );
    expect(isCut).toBe(true);
    expect(paths.map(({ keys }) => keys[0])).toEqual(['l0', 'r0']);
  });

  it('are none for what nothing leads to', () => {
    expect(new Dependents(graphOf('.: a', 'a:', 't: t')).pathsTo('t', 10)).toEqual({
      paths: [],
      isCut: false,
    });
  });
});

describe('a focus', () => {
  it('is its packages and everything beneath them', () => {
    const graph = graphOf('.: onnxruntime-node other', 'onnxruntime-node: adm-zip', 'adm-zip:', 'other:');
    expect([...focusClosure(graph, ['onnxruntime', 'npm:other', 'pypi:other', 'none'])]).toEqual([
      ['onnxruntime-node', ['onnxruntime']],
      ['adm-zip', ['onnxruntime']],
      ['other', ['npm:other']],
    ]);
  });
});

it('says that an edge leads nowhere, unless what is missing may be', () => {
  const { problems } = graphOf('.: a gone!dev', 'a: lost maybe!optional peer!peer');
  expect(problems.map(({ kind }) => kind)).toEqual(['missing', 'missing']);
});
