/**
 * Folders that an audit leaves out, its own output folder above all: a report that is audited again would find itself.
 */

/** Whether a path of the repository is one of the excluded folders or lies in one. */
export function isExcluded(path: string, exclude: readonly string[]): boolean {
  return exclude.some((folder) => {
    const plain = folder.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    return plain !== '' && (path === plain || path.startsWith(`${plain}/`));
  });
}
