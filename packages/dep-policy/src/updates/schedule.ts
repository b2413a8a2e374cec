import type { StarterFile } from '../starter-files.ts';

/** A schedule for updates, and the job that keeps it: what is outdated is listed every week, and locks that no green record is about fail. */
export function scheduleFiles(): StarterFile[] {
  return [
    {
      path: 'dep-policy.schedule.json',
      text: `${JSON.stringify({ version: 1, routine: 'weekly on Monday', security: 'within the days of the policy', approvers: 1 }, undefined, 2)}\n`,
    },
    {
      path: '.github/workflows/dep-policy-updates.yml',
      text: `name: dep-policy updates
on:
  schedule:
    - cron: '41 5 * * 1'
  pull_request:
permissions:
  contents: read
jobs:
  updates:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: npx --yes @sallyport/dep-policy@0.1.0 updates gate
      - run: npx --yes @sallyport/dep-policy@0.1.0 updates plan --online osv >> "$GITHUB_STEP_SUMMARY"
`,
    },
  ];
}
