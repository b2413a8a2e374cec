/** The name a picture is reported under: never its folder. */
export function pictureName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? '';
}
