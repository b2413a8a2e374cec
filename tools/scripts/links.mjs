// Follows the relative links of Markdown files, the anchors included. Run directly, it checks the documentation
// that belongs to no project; the README of a project is checked by readme.mjs.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseMarkdown } from './markdown.mjs';

/** One sentence for each link of the file that leads nowhere; links to other sites are left alone. */
export function findBrokenLinks(file) {
  const own = parseMarkdown(readFileSync(file, 'utf8'));
  return own.links.flatMap((link) => {
    if (/^[a-z][a-z+.-]*:/i.test(link)) return [];
    const [path, anchor] = decodeURIComponent(link).split('#', 2);
    const target = join(dirname(file), path);
    if (path !== '' && !existsSync(target)) return [`the link ${link} leads nowhere`];
    if (!anchor || (path !== '' && !path.endsWith('.md'))) return [];
    const { headings } = path === '' ? own : parseMarkdown(readFileSync(target, 'utf8'));
    return headings.some(({ slug }) => slug === anchor) ? [] : [`the link ${link} names no heading there`];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = globSync(['*.md', 'docs/**/*.md', 'samples/*.md', 'tools/*/README.md']);
  const problems = files.flatMap((file) => findBrokenLinks(file).map((problem) => `${file}: ${problem}`));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
