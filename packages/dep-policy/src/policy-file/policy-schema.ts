import { z } from 'zod';
import { parseRegistry } from '../registry.ts';
import { MAX_EXCEPTION_DAYS } from './default-policy.ts';

/** From which rating on a finding fails; `never` lets all pass but malware and what cannot be evaluated. */
const gate = z.enum(['low', 'medium', 'high', 'critical', 'never']);

const days = z.number().int().min(0).max(3650);

const packageName = z.string().min(1).max(214);

const registry = z.string().transform((text, context) => {
  const parsed = parseRegistry(text);
  if ('url' in parsed) return parsed.url;
  context.addIssue({ code: 'custom', message: parsed.message });
  return z.NEVER;
});

const date = z.iso.date();

const exception = z
  .strictObject({
    id: z
      .string()
      .min(1)
      .max(200)
      .describe('Any id of the vulnerability: GHSA, PYSEC, CVE, through aliases too.'),
    package: packageName.describe('The package it is accepted in.'),
    ecosystem: z.enum(['npm', 'PyPI']).optional().describe('Where the name is one of both.'),
    reason: z.string().trim().min(10).max(2000).describe('Why the risk is accepted, at least 10 characters.'),
    owner: z.string().trim().min(1).max(200).describe('Who answers for it.'),
    expires: date.describe(`The last day it counts, at most ${MAX_EXCEPTION_DAYS} days from now.`),
  })
  .describe('One accepted risk. It must be in use, and must not have expired.');

/** The policy file. Everything has a default; what is not known is refused. */
export const policyFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1).describe('The version of this format.'),
    lockfiles: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Relative to this file. Default: those beside it.'),
    focus: z
      .array(packageName)
      .default([])
      .describe('Packages or presets (gluon-cv, onnxruntime) that come first.'),
    advisories: z
      .strictObject({ maxAgeInDays: days.default(7) })
      .prefault({})
      .describe('How old advisories may be, in days.'),
    gates: z
      .strictObject({
        runtime: gate.default('low'),
        peer: gate.default('low'),
        optional: gate.default('low'),
        dev: gate.default('low'),
        focus: gate.default('low').describe('For the closure of the focus, where it is stricter.'),
      })
      .prefault({})
      .describe(
        'The lowest rating that fails, by what the package is needed for. An unknown one counts as high.',
      ),
    pins: z
      .strictObject({
        direct: z
          .enum(['exact', 'any'])
          .default('exact')
          .describe('How manifests ask for direct dependencies.'),
        focus: z.enum(['exact', 'any']).default('exact').describe('The same for the packages in the focus.'),
        hashes: z.boolean().default(true).describe('Whether every Python package needs its hashes.'),
      })
      .prefault({}),
    registries: z
      .strictObject({
        npm: z.array(registry).min(1).default(['https://registry.npmjs.org/']),
        pypi: z
          .array(registry)
          .min(1)
          .default(['https://pypi.org/simple/', 'https://files.pythonhosted.org/']),
      })
      .prefault({})
      .describe('Where packages may come from. The first of npm is the one for packages without a scope.'),
    installScripts: z
      .array(packageName)
      .default([])
      .describe('npm packages that may run a script when they are installed.'),
    licences: z
      .array(z.string().min(1))
      .optional()
      .describe('SPDX ids that npm locks may name; default: not looked at.'),
    cooldown: z
      .strictObject({
        days: days.default(7).describe('How old a release must be before it is taken.'),
        securityMayPass: z
          .boolean()
          .default(true)
          .describe('Whether a release that ends a finding may be younger.'),
      })
      .prefault({}),
    sla: z
      .strictObject({
        critical: days.default(7),
        high: days.default(30),
        medium: days.default(90),
        low: days.default(180),
        unknown: days.default(30),
      })
      .prefault({})
      .describe('Days from a finding to its fix, by rating.'),
    test: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("The project's own test command, word by word: what the staging gate runs."),
    exceptions: z.array(exception).max(1000).default([]),
    vex: z
      .array(z.string().min(1))
      .default([])
      .describe('OpenVEX documents that are trusted, relative to this file.'),
    products: z
      .array(z.string().min(1).max(2000))
      .default([])
      .describe('Package URLs by which OpenVEX documents name this project, with or without a version.'),
  })
  .describe('The policy of dep-policy for one project.');

/** A policy file with every default filled in. */
export type PolicyFile = z.output<typeof policyFileSchema>;

/** One accepted risk. */
export type PolicyException = PolicyFile['exceptions'][number];
