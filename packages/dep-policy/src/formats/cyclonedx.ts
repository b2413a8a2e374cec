import { createHash } from 'node:crypto';
import { packageUrl } from '../ecosystem.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import type { Finding } from '../scan/finding.ts';
import type { ScanReport } from '../scan/report.ts';
import { describeFixState } from './sarif.ts';

/** CycloneDX's names of hash algorithms, and the bytes of each. */
const ALGORITHMS: ReadonlyMap<string, readonly [name: string, bytes: number]> = new Map([
  ['md5', ['MD5', 16]],
  ['sha1', ['SHA-1', 20]],
  ['sha256', ['SHA-256', 32]],
  ['sha384', ['SHA-384', 48]],
  ['sha512', ['SHA-512', 64]],
]);

/**
 * Writes graphs and what a scan has found in them as a CycloneDX 1.6 bill of materials with vulnerabilities. Each version
 * of a package is one component, wherever it is locked. The serial number is derived from the locks, so that the same
 * locks and advisories give the same document.
 *
 * @param excepted - Why a finding does not count, by its id.
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function toCycloneDx(
  graphs: readonly DependencyGraph[],
  report: ScanReport,
  excepted: ReadonlyMap<string, string> = new Map(),
): object {
  const components = new Map<string, PackageNode[]>();
  for (const { packages } of graphs) {
    for (const node of packages.values()) {
      if (node.origin === 'file') continue;
      const reference = packageUrl(node, node.version);
      components.set(reference, [...(components.get(reference) ?? []), node]);
    }
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumber(graphs),
    version: 1,
    metadata: { tools: { components: [{ type: 'application', name: 'dep-policy' }] } },
    components: [...components].map(([reference, nodes]) => component(reference, nodes)),
    dependencies: dependencies(graphs),
    vulnerabilities: report.findings.map((finding) => vulnerability(finding, excepted.get(finding.id))),
  };
}

function serialNumber(graphs: readonly DependencyGraph[]): string {
  const digest = createHash('sha256')
    .update(graphs.map(({ file, sha256 }) => `${file}\0${sha256}`).join('\n'))
    .digest();
  // Version 8 and the variant of RFC 9562: a UUID made of other data.
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function component(reference: string, nodes: readonly PackageNode[]): object {
  const [first] = nodes;
  const { name, version, ecosystem } = first!;
  const [group, short] =
    ecosystem === 'npm' && name.startsWith('@') && name.includes('/')
      ? [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)]
      : [undefined, name];
  const hashes = new Map(
    nodes.flatMap(({ hashes }) =>
      hashes.flatMap((text) => {
        const hash = parseHash(text);
        return hash === undefined ? [] : [[`${hash.alg} ${hash.content}`, hash] as const];
      }),
    ),
  );
  return {
    type: 'library',
    'bom-ref': reference,
    ...(group === undefined ? {} : { group }),
    name: short,
    ...(version === undefined ? {} : { version }),
    purl: reference,
    scope: nodes.some(({ scope }) => scope === 'runtime' || scope === 'peer') ? 'required' : 'optional',
    ...(hashes.size === 0 ? {} : { hashes: [...hashes.values()] }),
  };
}

/** `sha512-<base64>` or `sha256:<hex>`; anything else is left out. */
function parseHash(text: string): { readonly alg: string; readonly content: string } | undefined {
  const [, algorithm, separator, digest] = /^([a-z0-9]+)([-:])([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const known = ALGORITHMS.get(algorithm ?? '');
  if (known === undefined || digest === undefined) return undefined;
  const bytes = Buffer.from(digest, separator === '-' ? 'base64' : 'hex');
  return bytes.byteLength === known[1] ? { alg: known[0], content: bytes.toString('hex') } : undefined;
}

function dependencies(graphs: readonly DependencyGraph[]): object[] {
  const edges = new Map<string, Set<string>>();
  for (const { packages } of graphs) {
    for (const node of packages.values()) {
      if (node.origin === 'file') continue;
      const reference = packageUrl(node, node.version);
      const needs = edges.get(reference) ?? new Set<string>();
      edges.set(reference, needs);
      for (const { to } of node.dependencies) {
        const other = packages.get(to);
        if (other !== undefined && other.origin !== 'file') needs.add(packageUrl(other, other.version));
      }
    }
  }
  return [...edges].map(([ref, needs]) => ({ ref, ...(needs.size === 0 ? {} : { dependsOn: [...needs] }) }));
}

const METHODS = { 'cvss-2': 'CVSSv2', 'cvss-3': 'CVSSv31', 'cvss-4': 'CVSSv4' } as const;

function vulnerability(finding: Finding, justification: string | undefined): object {
  const { advisory, ids, severity, summary, purl, fix, id, state, reason } = finding;
  const { rating, score, vector, source } = severity;
  return {
    'bom-ref': id,
    id: advisory,
    references: ids
      .filter((other) => other !== advisory)
      .map((other) => ({ id: other, source: { name: sourceName(other) } })),
    source: { name: sourceName(advisory) },
    ratings: [
      {
        severity: rating,
        ...(score === undefined ? {} : { score }),
        ...(source === 'cvss-2' || source === 'cvss-3' || source === 'cvss-4'
          ? { method: vector?.startsWith('CVSS:3.0') === true ? 'CVSSv3' : METHODS[source] }
          : {}),
        ...(vector === undefined ? {} : { vector }),
      },
    ],
    ...(summary === '' ? {} : { description: summary }),
    recommendation: describeFixState(fix),
    analysis:
      justification !== undefined
        ? { state: 'exploitable', response: ['will_not_fix'], detail: justification }
        : // Nobody has looked whether the project's code reaches it: a match of versions does not say so.
          {
            state: 'in_triage',
            ...(fix.state === 'available' ? { response: ['update'] } : {}),
            ...(state === 'unevaluable'
              ? { detail: reason ?? 'It cannot be told whether it is affected.' }
              : {}),
          },
    affects: [{ ref: purl }],
  };
}

function sourceName(id: string): string {
  if (id.startsWith('GHSA-')) return 'GitHub';
  if (id.startsWith('CVE-')) return 'NVD';
  if (id.startsWith('PYSEC-')) return 'PyPA';
  return 'OSV';
}
