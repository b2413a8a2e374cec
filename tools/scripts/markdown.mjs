// As much Markdown as the README checks need: headings, fences, tables and links, and no code taken for any of them.

/**
 * @param {string} text - A Markdown file.
 * @returns Headings with their GitHub anchors, fences with their info string, tables with the heading they
 *   stand under (body rows only), and the target of every link and picture.
 */
export function parseMarkdown(text) {
  const parsed = { headings: [], fences: [], tables: [], links: [] };
  const prose = [];
  let fence;
  let table;
  for (const line of text.split(/\r?\n/)) {
    if (fence) {
      if (line.trim().startsWith(fence.mark) && /^[`~]+$/.test(line.trim())) fence = undefined;
      else fence.text += `${line}\n`;
      continue;
    }
    const [, mark, info] = /^\s{0,3}(`{3,}|~{3,})\s*(.*)$/.exec(line) ?? [];
    if (mark) {
      fence = { mark, info: info.trim(), text: '' };
      parsed.fences.push(fence);
      continue;
    }
    const [, title] = /^#{1,6}\s+(.+?)\s*#*$/.exec(line) ?? [];
    if (title) parsed.headings.push({ title, slug: toSlug(title, parsed.headings) });
    if (line.trimStart().startsWith('|')) {
      if (!table) parsed.tables.push((table = { heading: parsed.headings.at(-1)?.title, lines: [] }));
      table.lines.push(line);
    } else {
      table = undefined;
    }
    prose.push(line);
  }
  return {
    headings: parsed.headings,
    fences: parsed.fences.map(({ info, text: code }) => ({ info, text: code })),
    tables: parsed.tables.map(({ heading, lines }) => ({ heading, rows: lines.slice(2).map(toCells) })),
    links: findLinks(prose.join('\n')),
  };
}

function toCells(row) {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** The anchor that GitHub gives a heading: lower case, no punctuation, hyphens for spaces, numbered when repeated. */
function toSlug(title, taken) {
  const base = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
  let slug = base;
  for (let copy = 1; taken.some((heading) => heading.slug === slug); copy += 1) slug = `${base}-${copy}`;
  return slug;
}

function findLinks(text) {
  const prose = text.replaceAll(/<!--.*?-->/gs, '').replaceAll(/(`+)[^`](?:(?!\n\s*\n).)*?\1/gs, '');
  const targets = [
    /\]\(\s*<?([^)\s>]+)>?[^)]*\)/g,
    /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm,
    /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g,
  ];
  return targets.flatMap((pattern) => [...prose.matchAll(pattern)].map((match) => match[1]));
}
