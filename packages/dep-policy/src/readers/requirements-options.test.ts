import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { splitOptions } from './requirements-options.ts';

/** Lines as a stranger could write them, to be split as pip splits them. */
const LINES = [
  'a==1.0',
  'a==1.0 --hash=sha256:aa --hash "sha256:bb"',
  'a==1.0 --ha\\sh=sha256:aa',
  'a==1.0 ; x == "-y"',
  'a==1.0 -b',
  '--prefer-binary -r more.txt',
  '--no-binary :all: --extra-index-url https://x.test --trusted-host x.test',
  '--extra-index https://x.test',
  '--index=https://x.test',
  '--find https://x.test',
  '--trusted h',
  '--requirem more.txt',
  '--require more.txt',
  '--extra-"index"-url https://x.test',
  '--extra-index-ur\\l https://x.test',
  "-f'./my wheels'",
  '-f "./a\\b" --pre',
  '-f "./a\\"b\\\\c"',
  "-f 'a\\' --pre",
  '-f "./open',
  '-f ends\\',
  '-rmore.txt',
  '-r\tmore.txt',
  '-r --pre',
  '-r',
  '--pre=1',
  '--pypi-url https://x.test',
  '--pre a==1.0',
  '--pre -- --no-index',
  '-e ./a ; os_name == "nt"',
  '--wrong',
  '-x',
  '-',
  '--p',
  '--i https://x.test',
  '--hash=sha256:aa=',
  '--constraint=',
];

/** Splits by pip's own table: what it takes, or null for what it refuses. */
const ORACLE = `
import json, shlex, sys, optparse
from pip._internal.req import req_file
table = {}
for factory in req_file.SUPPORTED_OPTIONS + req_file.SUPPORTED_OPTIONS_REQ:
    option = factory()
    for name in option._short_opts + option._long_opts:
        table[name] = (option._long_opts[0], option.nargs is not None)
class Refused(Exception): pass
def refuse(message): raise Refused(message)
found = []
for line in json.load(sys.stdin):
    text, options = req_file.break_args_options(line)
    seen = []
    parser = optparse.OptionParser(add_help_option=False)
    for name, (long, has_value) in table.items():
        keep = lambda option, _, value, parser, long=long: seen.append([long, value])
        parser.add_option(name, action="callback", callback=keep, **({"type": "str", "nargs": 1} if has_value else {}))
    parser.error = refuse
    try:
        _, rest = parser.parse_args(shlex.split(options))
        found.append({"requirement": text.strip(), "options": seen, "rest": rest})
    except (Refused, ValueError):
        found.append(None)
print(json.dumps(found))
`;
const oracle = spawnSync('/usr/bin/python3', ['-c', ORACLE], {
  input: JSON.stringify(LINES),
  encoding: 'utf8',
});
const expected = oracle.status === 0 ? (JSON.parse(oracle.stdout) as unknown[]) : [];

describe.skipIf(oracle.status !== 0)(
  'a line, as the pip of this machine splits it (skipped without pip)',
  () => {
    it.each(LINES.map((line, at) => [line, expected[at]] as const))('%j', (line, wanted) => {
      const split = splitOptions(line);
      expect(
        'fault' in split
          ? null
          : { ...split, options: split.options.map(({ name, value = null }) => [name, value]) },
      ).toEqual(wanted);
    });
  },
);

it('refuses an abbreviation of two options, of whichever version of pip they are', () => {
  expect(splitOptions('--only-b :all:')).toMatchObject({ options: [{ name: '--only-binary' }] });
  expect(splitOptions('--only :all:')).toHaveProperty('fault');
});
