import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { z } from 'zod';

/** What is wrong with a document by a schema: nothing in a valid one. */
export type Faults = readonly object[];

/** By the schema of CycloneDX 1.6 and those that it refers to, out of CycloneDX's own library. */
export async function cycloneDxFaults(document: unknown): Promise<Faults> {
  return faultsBy(await (cycloneDx ??= compileCycloneDx()), document);
}

/** By the schema of SARIF 2.1.0 as it was released (rtm.5), out of Microsoft's SDK for SARIF. */
export async function sarifFaults(document: unknown): Promise<Faults> {
  return faultsBy(await (sarif ??= compileSarif()), document);
}

let cycloneDx: Promise<ValidateFunction> | undefined;
let sarif: Promise<ValidateFunction> | undefined;

async function compileCycloneDx(): Promise<ValidateFunction> {
  const folder = join(
    folderOf(import.meta.resolve('@cyclonedx/cyclonedx-library/package.json')),
    'res/schema',
  );
  const ajv = schemaReader();
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(
      await readSchema(join(folder, `${name}.SNAPSHOT.schema.json`)),
      `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
    );
  }
  return ajv.compile(await readSchema(join(folder, 'bom-1.6.SNAPSHOT.schema.json')));
}

async function compileSarif(): Promise<ValidateFunction> {
  const path = join(
    folderOf(import.meta.resolve('@microsoft/jest-sarif/package.json')),
    'lib/schemas/sarif-2.1.0-rtm.5.json',
  );
  // Draft 4 says `id`; of what changed since, this schema uses nothing else.
  const schema = await readSchema(path);
  delete schema['$schema'];
  delete schema['id'];
  return schemaReader().compile(schema);
}

const iri = z.string().refine((text) => URL.canParse(text), 'expected a URI');
const time = z.iso.datetime({ offset: true });
const identifiers = z.strictObject({
  purl: z.string().optional(),
  '@cpe22': z.string().optional(),
  '@cpe23': z.string().optional(),
});
const component = z.strictObject({
  '@id': iri.optional(),
  identifiers: identifiers.optional(),
  hashes: z.record(z.string(), z.string()).optional(),
});
const unique = (list: readonly unknown[]): boolean =>
  new Set(list.map((one) => JSON.stringify(one))).size === list.length;

/**
 * By what the JSON Schema of OpenVEX 0.2.0 asks, written down here: no package carries that schema.
 *
 * @see https://github.com/openvex/spec, openvex_json_schema.json
 */
export function openVexFaults(document: unknown): Faults {
  return openVexDocument.safeParse(document).error?.issues ?? [];
}

const openVexDocument = z.strictObject({
  '@context': iri,
  '@id': iri,
  author: z.string(),
  role: z.string().optional(),
  timestamp: time,
  last_updated: time.optional(),
  version: z.int().min(1),
  tooling: z.string().optional(),
  statements: z
    .array(
      z
        .strictObject({
          '@id': iri.optional(),
          version: z.int().min(1).optional(),
          vulnerability: z.strictObject({
            '@id': iri.optional(),
            name: z.string(),
            description: z.string().optional(),
            aliases: z.array(z.string()).refine(unique, 'expected each once').optional(),
          }),
          timestamp: time.optional(),
          last_updated: time.optional(),
          products: z
            .array(component.extend({ subcomponents: z.array(component).optional() }))
            .refine(unique, 'expected each once')
            .optional(),
          status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
          supplier: z.string().optional(),
          status_notes: z.string().optional(),
          justification: z.string().optional(),
          impact_statement: z.string().optional(),
          action_statement: z.string().optional(),
          action_statement_timestamp: time.optional(),
        })
        .refine(({ status, action_statement: action }) => status !== 'affected' || action !== undefined)
        .refine(
          ({ status, justification, impact_statement: impact }) =>
            status !== 'not_affected' || (justification === undefined) !== (impact === undefined),
        ),
    )
    .min(1)
    .refine(unique, 'expected each once'),
});

function schemaReader(): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  ajv.addFormat('uri', (text) => URL.canParse(text));
  // RFC 3986: what is no character of a URI has to be encoded.
  ajv.addFormat('uri-reference', (text) => /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\dA-Fa-f]{2})*$/.test(text));
  ajv.addFormat('iri-reference', (text) => /^(?:[^\s"<>\\^`{|}%]|%[\dA-Fa-f]{2})*$/.test(text));
  ajv.addFormat('date-time', (text) => time.safeParse(text).success);
  ajv.addFormat('idn-email', (text) => text.includes('@'));
  return ajv;
}

async function readSchema(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
}

function folderOf(manifest: string): string {
  return dirname(fileURLToPath(manifest));
}

function faultsBy(validate: ValidateFunction, document: unknown): Faults {
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => ({ instancePath, message }));
}
