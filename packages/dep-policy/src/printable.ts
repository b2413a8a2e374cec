/** Characters of foreign text shown in a message. */
const MAX_SHOWN = 120;

/**
 * Foreign text made safe to print: control, format and bidirectional characters are escaped (a package name could
 * otherwise rewrite the terminal line that accuses it), and the length is bounded.
 */
export function printable(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return shown.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
