import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { findRegistryFault } from '../registry.ts';
import { readTextFile } from '../text-file.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

const MAX_BYTES = 1024 * 1024;

/** One line of a value in a configuration file of pip. */
interface ConfiguredLine {
  /** As pip compares it: lower case, with hyphens, without leading `--`. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Checks `pip.conf` and `pip.ini` of a folder: pip reads them where `PIP_CONFIG_FILE` or a virtual environment points
 * to them.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`
 */
export async function checkPipConfiguration(
  root: string,
  folder: string,
  { registries }: PolicyFile,
): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const name of ['pip.conf', 'pip.ini']) {
    const path = folder === '.' ? name : `${folder}/${name}`;
    const file = await readTextFile(root, path, MAX_BYTES);
    for (const { key, value, line } of configuredLines(file?.text ?? '')) {
      const report = (rule: Violation['rule'], message: string): void => {
        found.push(violation(rule, key, path, line, message));
      };
      switch (key) {
        case 'extra-index-url':
          report('registry', 'expected one index, found a second: whoever has the higher version there wins');
          break;
        case 'trusted-host':
          report('https', 'expected TLS certificates to be verified, found a host that is trusted without');
          break;
        case 'find-links':
          report('exotic-source', 'expected packages of an index, found another place to look for them');
          break;
        case 'requirement':
        case 'constraint':
        case 'editable':
          report('exotic-source', 'expected packages of the lock alone, found others that are added to it');
          break;
        case 'index-url':
        case 'pypi-url': {
          const fault = findRegistryFault(value, registries.pypi);
          if (fault !== undefined) report(fault.rule, fault.message);
        }
      }
    }
  }
  return found;
}

/** Reads lines as Python's `configparser` does: a key may be indented, and a line that is further in continues it. */
function configuredLines(text: string): ConfiguredLine[] {
  const found: ConfiguredLine[] = [];
  let key: string | undefined;
  let depth = 0;
  for (const [index, written] of text.split(/\r\n|\r|\n/).entries()) {
    const value = written.trim();
    if (value === '' || /^[#;]/.test(value)) continue;
    const indent = written.length - written.trimStart().length;
    if (key !== undefined && indent > depth) {
      found.push({ key, value, line: index + 1 });
      continue;
    }
    depth = indent;
    if (/^\[.+\]/.test(value)) {
      key = undefined;
      continue;
    }
    const at = value.search(/[=:]/);
    if (at === -1) {
      key = undefined;
      continue;
    }
    key = normalKey(value.slice(0, at));
    const first = value.slice(at + 1).trim();
    if (first !== '') found.push({ key, value: first, line: index + 1 });
  }
  return found;
}

function normalKey(written: string): string {
  const key = written.trim().toLowerCase().replaceAll('_', '-');
  return key.startsWith('--') ? key.slice(2) : key;
}
