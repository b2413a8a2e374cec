/** A file to begin with. */
export interface StarterFile {
  /** Relative to the root of the project. */
  readonly path: string;
  readonly text: string;
}

/**
 * A policy and a job for CI to begin with: stricter is easier to loosen than the other way round.
 *
 * @param lockfiles - Locks of the project.
 */
export function starterFiles(lockfiles: readonly string[]): StarterFile[] {
  const isPython = lockfiles.some((path) => /\.(?:txt|toml)$|^(?:uv|poetry|pdm|Pipfile)\.lock$/.test(path));
  const isNpm = lockfiles.some((path) => /package-lock|shrinkwrap|pnpm-lock|yarn\.lock/.test(path));
  return [
    {
      path: 'dep-policy.json',
      text: `${JSON.stringify(
        {
          $schema: './node_modules/@sallyport/dep-policy/schema/dep-policy.schema.json',
          version: 1,
          lockfiles,
          focus: [],
          gates: { runtime: 'low', optional: 'low', dev: 'high' },
          pins: { direct: 'exact' },
          cooldown: { days: 7 },
          sla: { critical: 7, high: 30, medium: 90, low: 180, unknown: 30 },
          exceptions: [],
        },
        undefined,
        2,
      )}\n`,
    },
    { path: '.github/workflows/dep-policy.yml', text: workflow() },
    { path: 'renovate.json', text: renovate() },
    { path: '.github/dependabot.yml', text: dependabot(isNpm, isPython) },
  ];
}

function workflow(): string {
  return `# On every change, and every morning: a hole can be found in what nobody has changed.
name: dep-policy
on:
  pull_request:
  push:
    branches: [main]
  schedule:
    - cron: '17 5 * * *'
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      # Nothing of the project is installed or run before its dependencies have been checked.
      - run: npx --yes @sallyport/dep-policy@0.1.0 check --online osv --markdown >> "$GITHUB_STEP_SUMMARY"
`;
}

/** Updates by Renovate under the same rules: exact, after the cooldown, except what closes a hole. */
function renovate(): string {
  return `{
  "$schema": "https://docs.renovatebot.com/renovate-schema.json",
  "extends": ["config:recommended", ":pinAllExceptPeerDependencies"],
  "minimumReleaseAge": "7 days",
  "internalChecksFilter": "strict",
  "schedule": ["before 6am on monday"],
  "osvVulnerabilityAlerts": true,
  "vulnerabilityAlerts": {
    "minimumReleaseAge": null,
    "schedule": ["at any time"],
    "labels": ["security"]
  }
}
`;
}

function dependabot(isNpm: boolean, isPython: boolean): string {
  const systems = [...(isNpm ? ['npm'] : []), ...(isPython ? ['pip'] : []), 'github-actions'];
  const update = (system: string): string =>
    [
      `  - package-ecosystem: ${system}`,
      '    directory: /',
      '    schedule:',
      '      interval: weekly',
      // Dependabot's security updates pass it.
      ...(system === 'github-actions' ? [] : ['    cooldown:', '      default-days: 7']),
    ].join('\n');
  return `version: 2\nupdates:\n${systems.map(update).join('\n')}\n`;
}
