/** Characters of foreign text shown in a message. */
const MAX_SHOWN = 120;

/**
 * Foreign text made safe to print: control, format and bidirectional characters are escaped (a package name could
 * otherwise rewrite the terminal line that accuses it), and the length is bounded.
 *
 * @param maxShown - Characters, default 120.
 */
export function printable(text: string, maxShown = MAX_SHOWN): string {
  const shown = text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
  return shown.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
